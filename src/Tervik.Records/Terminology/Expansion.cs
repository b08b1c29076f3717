using Tervik.Storage;

namespace Tervik.Records.Terminology;

/// <summary>The codes that a value set or a place in a hierarchy stands for.</summary>
public sealed class Expansion
{
    /// <summary>The codes of a value set, by its canonical URL.</summary>
    /// <exception cref="FaultException">The value set is not known, or cannot be expanded here.</exception>
    public ValueTask<IReadOnlyCollection<(string System, string Code)>> CodesOf(string url, Session session, string name) => throw new FaultException(new Fault(FaultKind.Invalid, "not-supported", name, $"{this}{url}{session}"));

    /// <summary>A code and what is above or below it.</summary>
    public ValueTask<IReadOnlyCollection<(string System, string Code)>> Related(string system, string code, bool above, Session session, string name) => throw new FaultException(new Fault(FaultKind.Invalid, "not-supported", name, $"{this}{system}{code}{above}{session}"));

    /// <summary>The code systems of which a value set of the definitions takes its codes.</summary>
    internal static IReadOnlyCollection<string> SystemsOf(string valueSet) => [valueSet.Replace("/ValueSet/", "/", StringComparison.Ordinal)];
}
