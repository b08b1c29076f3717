using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tervik.Trust.Identity.OAuth;

/// <summary>Where registered applications live: the sites whose pages may ask the programs' interfaces.</summary>
sealed class AppOrigins(TimeProvider clock)
{
    /// <summary>A change of the register is seen after this time.</summary>
    static readonly TimeSpan Lifetime = TimeSpan.FromMilliseconds(800);

    volatile (HashSet<string> Origins, long ReadAt)[] known = [];

    /// <summary>Whether an application is registered with an address of this origin, as browsers send it.</summary>
    public async ValueTask<bool> Has(HttpContext request, string origin)
    {
        if (known is not [var (origins, readAt)] || clock.GetElapsedTime(readAt) >= Lifetime)
        {
            readAt = clock.GetTimestamp();
            origins = await request.RequestServices.GetRequiredService<AppRegister>().Origins(request.RequestAborted);
            known = [(origins, readAt)];
        }
        return origins.Contains(origin);
    }
}
