using CsCheck;
using Tervik.Records.Indexing;
using Xunit;

namespace Tervik.Records.Tests.Indexing;

public sealed class KeysTests
{
    [Fact]
    public void A_key_depends_on_the_seed_and_on_every_part() => Gen.Select(Gen.String[1, 40], Gen.String[1, 40], Gen.Long).Sample((type, code, seed) =>
    {
        var keys = new Keys(seed);
        return keys.Parameter(type, code) == new Keys(seed).Parameter(type, code)
            && keys.Parameter(type, code) != new Keys(unchecked(seed + 1)).Parameter(type, code)
            && keys.Value(type, code, "a") != keys.Value(type, code, "b")
            && keys.Value(type, code, "") != keys.Parameter(type, code)
            && keys.Reference(type) != 0;
    });

    [Fact]
    public void A_text_longer_than_the_stack_buffer_has_a_key_too() =>
        Assert.NotEqual(new Keys(1).Hash(new string('å', 5_000)), new Keys(1).Hash(new string('å', 5_001)));
}
