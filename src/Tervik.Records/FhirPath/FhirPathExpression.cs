using Tervik.Records.Model;

namespace Tervik.Records.FhirPath;

/// <summary>A compiled FHIRPath expression (FHIRPath 2.0 with the FHIR R4 additions). Immutable and safe for concurrent use.</summary>
public sealed class FhirPathExpression
{
    /// <summary>Parses and compiles; the result is kept for the next call with the same text.</summary>
    /// <exception cref="FhirPathException">The text is no expression; the message has the position.</exception>
    public static FhirPathExpression Compile(string text) => throw new NotImplementedException(text);

    /// <summary>Evaluates on a node and gives those results that are elements of the resource (search parameters, patch paths).</summary>
    public void SelectNodes(Node focus, List<Node> found) => throw new NotImplementedException($"{focus}{found}");

    /// <summary>Evaluates to a truth value: empty is null.</summary>
    /// <param name="focus">Where to evaluate (<c>%context</c>).</param>
    /// <param name="root">The resource (<c>%resource</c>, <c>%rootResource</c>, resolve() of contained).</param>
    public bool? IsTrue(Node focus, Node root) => throw new NotImplementedException($"{focus}{root}");
}

/// <summary>An expression that cannot be compiled or evaluated.</summary>
public sealed class FhirPathException(string message) : Exception(message);
