using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Tervik.Trust.Identity;
using Xunit;

namespace Tervik.Trust.Tests.Identity;

public sealed class FormGuardTests
{
    [Fact]
    public void A_form_with_the_token_of_its_session_is_accepted() => Assert.True(FormGuard.Accepts(Post("one"), Form(FormGuard.TokenFor(Post("one")))));

    [Fact]
    public void A_token_of_another_session_a_missing_one_and_a_missing_cookie_are_refused()
    {
        Assert.False(FormGuard.Accepts(Post("one"), Form(FormGuard.TokenFor(Post("two")))));
        Assert.False(FormGuard.Accepts(Post("one"), Form("")));
        Assert.False(FormGuard.Accepts(Post(session: null), Form(FormGuard.TokenFor(Post("one")))));
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Origin", "https://elsewhere.example", false)]
    [InlineData("Origin", "null", false)]
    [InlineData("Origin", "http://clinic.example", true)]
    public void What_the_browser_says_about_the_sender_counts(string header, string value, bool accepted)
    {
        var post = Post("one");
        post.Request.Headers[header] = value;
        Assert.Equal(accepted, FormGuard.Accepts(post, Form(FormGuard.TokenFor(post))));
    }

    [Fact]
    public void Before_the_sign_in_a_cookie_of_its_own_carries_the_token()
    {
        var page = Post(session: null);
        var token = FormGuard.TokenFor(page);
        var cookie = page.Response.Headers.SetCookie.ToString();
        Assert.Contains("httponly", cookie);
        Assert.Contains("samesite=strict", cookie);
        var post = Post(session: null);
        post.Request.Headers.Cookie = cookie.Split(';')[0];
        Assert.True(FormGuard.Accepts(post, Form(token)));
    }

    [Fact]
    public void Over_https_the_cookie_is_bound_to_the_host()
    {
        var page = Post(session: null);
        page.Request.Scheme = "https";
        FormGuard.TokenFor(page);
        Assert.StartsWith("__Host-tervik-form=", page.Response.Headers.SetCookie.ToString());
        Assert.Contains("secure", page.Response.Headers.SetCookie.ToString());
    }

    static DefaultHttpContext Post(string? session)
    {
        var request = new DefaultHttpContext { Request = { Method = "POST", Scheme = "http", Host = new("clinic.example") } };
        if (session is not null) request.Request.Headers.Cookie = $"tervik-session={session}";
        return request;
    }

    static FormCollection Form(string token) => new(new Dictionary<string, StringValues> { [FormGuard.Field] = token });
}
