using System.CommandLine;

namespace Tervik.Serving;

/// <summary>Where the demonstration joins the program: the only place that knows whether it is there. Its half of this type lies in the folder Demonstration, which a build for production (<c>-p:Demonstration=false</c>) leaves out, together with Tervik.Demo and Tervik.DemoPortal.</summary>
/// <param name="Command"><c>tervik demo</c>.</param>
/// <param name="Add">Registers its pages.</param>
/// <param name="Map">Maps them.</param>
/// <param name="Load">Loads the demo nation.</param>
/// <param name="Greet">Says whom to be.</param>
sealed partial record DemoParts(Func<Command> Command, Action<IServiceCollection> Add, Action<WebApplication> Map, Func<Settings, Installation, CancellationToken, Task> Load, Action Greet)
{
    /// <summary>The demonstration; null in a program that was built without it.</summary>
    public static DemoParts? Built { get; } = Find();

    static DemoParts? Find()
    {
        DemoParts? found = null;
        Join(ref found);
        return found;
    }

    // Nothing is called where the other half is not there.
    static partial void Join(ref DemoParts? found);
}
