using Microsoft.AspNetCore.Http;
using Tervik.Trust.Identity;

namespace Tervik.Trust.Tests.Identity;

/// <summary>What a page says to itself through an address is read by the session that wrote it, and by nobody else.</summary>
public sealed class SessionSealTests
{
    static DefaultHttpContext Request(string? cookie, string? authorization = null)
    {
        var request = new DefaultHttpContext();
        if (cookie is not null) request.Request.Headers.Cookie = $"tervik-session={cookie}";
        if (authorization is not null) request.Request.Headers.Authorization = authorization;
        return request;
    }

    [Fact]
    public void Only_the_session_that_sealed_it_opens_it_and_only_unchanged()
    {
        var plain = "Mari Tamm 49001010001"u8.ToArray();
        var text = SessionSeal.Seal(Request("one"), plain)!;
        Assert.Equal(plain, SessionSeal.Open(Request("one"), text));
        Assert.NotEqual(text, SessionSeal.Seal(Request("one"), plain)); // the same search looks different each time
        Assert.Matches("^[A-Za-z0-9_-]+$", text);
        // A token reads what it wrote itself; beside a token, the cookie is nobody.
        Assert.Equal(plain, SessionSeal.Open(Request(null, "Bearer secret"), SessionSeal.Seal(Request(null, "bearer  secret"), plain)!));
        foreach (var other in (HttpContext[])[Request("two"), Request(null), Request("one", "Bearer one2"), Request("one", "Basic one"), Request("")]) Assert.Null(SessionSeal.Open(other, text));
        foreach (var nobody in (HttpContext[])[Request(null), Request(null, "Basic x"), Request(null, "Bearer ")]) Assert.Null(SessionSeal.Seal(nobody, plain));
        for (var i = 0; i < text.Length; i++) Assert.Null(SessionSeal.Open(Request("one"), $"{text[..i]}{(text[i] == 'A' ? 'B' : 'A')}{text[(i + 1)..]}") is { } opened && !opened.SequenceEqual(plain) ? opened : null);
        for (var length = 0; length < text.Length; length++) Assert.Null(SessionSeal.Open(Request("one"), text[..length]));
        foreach (var strange in (string[])["%", "ö", "a b", new('A', 5000), new('A', 4096)]) Assert.Null(SessionSeal.Open(Request("one"), strange));
    }
}
