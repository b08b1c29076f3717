using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Tervik.Portal.Shell;
using Tervik.Trust.Identity;

namespace Tervik.Portal.SignIn;

/// <summary>What a demonstration adds to the pages (Tervik.DemoPortal). Where it is off, or the program was built without it, there is none.</summary>
public interface IDemonstration
{
    /// <summary>Whether there is a page that tells whom to be and what to try.</summary>
    bool HasTour { get; }

    /// <summary>Patients whom everybody is told about: reference and name.</summary>
    IReadOnlyList<(string Reference, string Name)> Patients { get; }

    /// <summary>What the sign-in page shows besides the ways in.</summary>
    /// <param name="request">The request.</param>
    /// <param name="frame">Around the page.</param>
    /// <param name="to">Where to go afterwards.</param>
    /// <param name="held">The form that waits; null when none does.</param>
    /// <param name="stop">Stops waiting.</param>
    Task<RenderFragment> SignIn(HttpContext request, Frame frame, string to, HeldForm? held, CancellationToken stop);

    /// <summary>What the page shows on which somebody confirms that it is them.</summary>
    /// <param name="frame">Around the page.</param>
    /// <param name="to">Where to go afterwards.</param>
    /// <param name="action">What for.</param>
    /// <param name="held">The form that waits; null when none does.</param>
    RenderFragment Confirm(Frame frame, string to, SensitiveAction action, HeldForm? held);
}
