using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using Tervik.Serving;

namespace Tervik.EndToEnd.Identity;

/// <summary>What the authorization server is set to, where waiting for it would take days.</summary>
public sealed class OAuthLifetimesTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_code_lives_a_minute_an_access_token_an_hour_and_a_refresh_token_thirty_days_from_the_sign_in_however_often_it_is_used()
    {
        var folder = Directory.CreateTempSubdirectory("tervik-lifetimes-").FullName;
        await using (var installation = await Installation.Open(Settings.Load(null, new Dictionary<string, string?> { ["data"] = folder }), Stop))
        {
            await using var app = Server.Build(Settings.Load(null, new Dictionary<string, string?> { ["data"] = folder }), installation);
            var options = app.Services.GetRequiredService<IOptions<OpenIddictServerOptions>>().Value;
            Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), TimeSpan.FromDays(30)), (options.AuthorizationCodeLifetime, options.AccessTokenLifetime, options.RefreshTokenLifetime));
            Assert.True(options.DisableSlidingRefreshTokenExpiration);
            Assert.False(options.DisableRollingRefreshTokens);
        }
        Directory.Delete(folder, recursive: true);
    }
}
