using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CsCheck;
using Tervik.Records.Files;
using Tervik.Records.Model;
using Tervik.Records.Validation;

namespace Tervik.Records.Tests.Files;

public sealed class FileSignaturesTests
{
    static byte[] Bytes(params object[] parts) => [.. parts.SelectMany(part => part is string text ? Encoding.Latin1.GetBytes(text) : part is int number ? [(byte)number] : (byte[])part)];

    /// <summary>The shortest file of each type that is one as far as its beginning tells.</summary>
    static readonly Dictionary<string, byte[]> Shortest = new()
    {
        ["image/png"] = Bytes(0x89, "PNG\r\n", 0x1A, "\n"), ["image/jpeg"] = Bytes(0xFF, 0xD8, 0xFF), ["image/gif"] = Bytes("GIF89a"), ["image/webp"] = Bytes("RIFF", new byte[4], "WEBP"), ["image/tiff"] = Bytes("II", 42, 0),
        ["image/bmp"] = Bytes("BM", new byte[12], 40, 0, 0, 0), ["application/pdf"] = Bytes("%PDF-"), ["application/dicom"] = Bytes(new byte[128], "DICM"), ["application/zip"] = Bytes("PK", 3, 4),
        ["application/gzip"] = Bytes(0x1F, 0x8B, 8), ["application/rtf"] = Bytes("{\\rtf"), ["application/msword"] = Bytes(0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1),
        ["video/mp4"] = Bytes(new byte[3], 24, "ftypmp42"), ["video/webm"] = Bytes(0x1A, 0x45, 0xDF, 0xA3), ["video/x-msvideo"] = Bytes("RIFF", new byte[4], "AVI "), ["audio/wav"] = Bytes("RIFF", new byte[4], "WAVE"),
        ["audio/ogg"] = Bytes("OggS"), ["audio/flac"] = Bytes("fLaC"), ["audio/mpeg"] = Bytes(0xFF, 0xFB, 0x90, 0x44),
    };

    public static TheoryData<string> Types => [.. Shortest.Keys];

    [Theory, MemberData(nameof(Types))]
    public void A_file_fits_its_own_type_from_its_last_needed_byte_on_and_no_other_type(string type)
    {
        var bytes = Shortest[type];
        Assert.True(bytes.Length <= FileSignatures.PrefixBytes);
        Assert.True(FileSignatures.Fits(type, bytes));
        Assert.True(FileSignatures.Fits($"{type.ToUpperInvariant()}; version=1", [.. bytes, .. new byte[500]]));
        for (var length = 0; length < bytes.Length; length++) Assert.NotNull(FileSignatures.WhatIsWrong(type, bytes.AsSpan(0, length)));
        foreach (var other in Shortest.Keys)
            if (other != type && (type, other) != ("application/rtf", "application/msword")) Assert.False(FileSignatures.Fits(other, bytes), $"{type} is taken for {other}.");
        // RTF begins with a brace, too.
        if (type != "application/rtf") Assert.False(FileSignatures.Fits("application/json", bytes));
        Assert.False(FileSignatures.Fits("text/xml", bytes));
    }

    [Theory]
    [InlineData("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip")]
    [InlineData("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/msword")] // with a password
    [InlineData("application/vnd.ms-excel.sheet.macroEnabled.12", "application/zip")]
    [InlineData("application/vnd.oasis.opendocument.text", "application/zip")]
    [InlineData("application/epub+zip", "application/zip")]
    [InlineData("application/msword", "application/rtf")]
    [InlineData("image/heic", "video/mp4")]
    [InlineData("audio/mp4", "video/mp4")]
    [InlineData("application/x-zip-compressed", "application/zip")]
    public void Types_that_are_built_on_another_begin_as_that_does(string type, string like)
    {
        Assert.True(FileSignatures.Fits(type, Shortest[like]));
        Assert.False(FileSignatures.Fits(type, Shortest["application/pdf"]));
    }

    [Theory]
    [InlineData("text/plain", "Tere, päike", true)]
    [InlineData("text/plain", "p\xE4ike", false, true)] // Latin 1 without saying so
    [InlineData("text/plain; charset=iso-8859-1", "p\xE4ike", true, true)]
    [InlineData("text/plain; charset=\"ISO-8859-1\"", "p\xE4ike", true, true)]
    [InlineData("text/plain; charset=utf-8", "p\xE4ike", false, true)]
    [InlineData("text/plain", "a\0b", false)]
    [InlineData("text/plain; charset=windows-1257", "a\0b", false)]
    [InlineData("text/plain; charset=utf-16le", "a\0b\0", true, true)]
    [InlineData("text/plain; charset=utf-16", "a\0b", false, true)]
    [InlineData("text/plain; charset=utf-16", "a\0\0\0", false, true)]
    [InlineData("text/html", "<p>Tere", true)]
    [InlineData("text/csv", "1;2", true)]
    [InlineData("application/json", " \r\n{\"a\":1}", true)]
    [InlineData("application/fhir+json", "\uFEFF[]", true)]
    [InlineData("application/json", "<p>", false)]
    [InlineData("application/json", " ", false)]
    [InlineData("application/xml", "<?xml version='1.0'?><a/>", true)]
    [InlineData("application/hl7-v3+xml", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE4</a>", true, true)]
    [InlineData("application/hl7-v3+xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\xE4</a>", false, true)]
    [InlineData("application/xml", "\xFF\xFE<\0a\0/\0>\0", true, true)]
    [InlineData("application/xml", "<?xml version=\"1.0\" encoding=\"utf-16\"?><ä/>", true)] // as some programs say of UTF-8
    [InlineData("image/svg+xml", "<svg/>", true)]
    [InlineData("image/svg+xml", "{}", false)]
    [InlineData("application/fhir+ndjson", "{}\n{}", true)]
    public void Text_is_text_in_its_charset(string type, string content, bool fits, bool isLatin = false) =>
        Assert.Equal(fits, FileSignatures.Fits(type, (isLatin ? Encoding.Latin1 : Encoding.UTF8).GetBytes(content)));

    [Theory, InlineData("application/octet-stream"), InlineData("image/x-secret"), InlineData("application/vnd.oasis.opendocument.text-flat-xml"), InlineData("nonsense"), InlineData("")]
    public void A_type_whose_beginning_is_not_known_is_not_judged(string type) =>
        Assert.Equal((0, null, false), (FileSignatures.BytesNeeded(type), FileSignatures.WhatIsWrong(type, "MZ"u8), FileSignatures.Fits(type, "MZ"u8)));

    [Fact]
    public void What_is_wrong_says_what_was_declared_what_it_looks_like_and_what_was_expected()
    {
        Assert.Equal("image/png is declared, but the content looks like a PDF document; a PNG picture (89 50 4E 47 0D 0A 1A 0A) was expected.", FileSignatures.WhatIsWrong("image/png", "%PDF-1.7"u8));
        Assert.Equal("application/pdf is declared, but the content looks like text; a PDF document (%PDF-) was expected.", FileSignatures.WhatIsWrong("application/pdf", "Hello"u8));
        Assert.Contains("a program for Windows", FileSignatures.WhatIsWrong("image/jpeg", Bytes("MZ", new byte[80])), StringComparison.Ordinal);
        Assert.Contains("nothing that is known", FileSignatures.WhatIsWrong("image/jpeg", Bytes(1, 0, 2)), StringComparison.Ordinal);
        Assert.Contains("text that goes on as something else", FileSignatures.WhatIsWrong("text/plain", Bytes(new string('a', 300), 0xE4)), StringComparison.Ordinal);
        Assert.Contains("charset=iso-8859-1", FileSignatures.WhatIsWrong("text/plain", Bytes("p", 0xE4, "ike")), StringComparison.Ordinal);
    }

    static Gen<T> OneOf<T>(T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    static readonly Gen<string> AnyType = Gen.OneOf(OneOf([.. Shortest.Keys, "text/plain", "application/json", "text/xml", "text/plain; charset=utf-16", "application/octet-stream"]), Gen.String[0, 40]);

    /// <summary>Bytes of nothing, and such as begin like something and then are cut or changed.</summary>
    static readonly Gen<byte[]> AnyBytes = Gen.OneOf(Gen.Byte.Array[0, 300],
        Gen.Select(OneOf([.. Shortest.Values]), Gen.Int[0, 140], Gen.Int[0, 139], Gen.Byte, (file, length, place, value) =>
        {
            var bytes = file.Take(length).ToArray();
            if (place < bytes.Length) bytes[place] = value;
            return bytes;
        }));

    [Fact]
    public void No_bytes_under_no_type_make_it_fail_and_what_does_not_fit_has_a_reason() => Gen.Select(AnyType, AnyBytes).Sample((type, bytes) =>
        FileSignatures.BytesNeeded(type) == 0 ? FileSignatures.WhatIsWrong(type, bytes) is null : FileSignatures.Fits(type, bytes) == FileSignatures.WhatIsWrong(type, bytes) is null, iter: 20_000);

    [Fact]
    public void What_is_judged_by_its_beginning_is_judged_alike_whatever_follows() => Gen.Select(OneOf([.. Shortest.Keys]), Gen.Byte.Array[FileSignatures.PrefixBytes, 400]).Sample((type, bytes) =>
        FileSignatures.Fits(type, bytes) == FileSignatures.Fits(type, bytes.AsSpan(0, FileSignatures.PrefixBytes)), iter: 5_000);

    /// <summary>White space may stand anywhere in base64, and a slash may be escaped in JSON.</summary>
    [Fact]
    public void A_file_is_read_in_parts_of_any_size_whatever_its_base64_looks_like() =>
        Gen.Select(Gen.Byte.Array[1, 9000], Gen.Int[3, 5000], Gen.Int[1, 90], Gen.Bool).Sample((bytes, size, line, isEscaped) =>
        {
            var text = string.Join("\\r\\n ", Convert.ToBase64String(bytes).Chunk(line).Select(part => new string(part)));
            using var json = JsonDocument.Parse($"\"{(isEscaped ? text.Replace("/", "\\/", StringComparison.Ordinal) : text)}\"");
            var file = new SentFile("Binary.data", "text/plain", json.RootElement);
            var (read, place, part) = (new List<byte>(), 0, new byte[size]);
            while (file.Read(ref place, part) is var count and > 0) read.AddRange(part.AsSpan(0, count));
            return bytes.AsSpan().SequenceEqual(read.ToArray());
        }, iter: 400);

    static IReadOnlyList<SentFile> Files(JsonElement resource)
    {
        ResourceValidator.Validate(Tervik.Records.Model.Node.Resource(resource), ValidationDepth.Invariants, out var files);
        return files;
    }

    [Fact]
    public void Files_are_found_wherever_they_are_and_nothing_else_is()
    {
        using var json = JsonDocument.Parse("""
            {"resourceType":"Bundle","type":"collection","entry":[
              {"resource":{"resourceType":"Patient","photo":[{"contentType":"image/png","data":"AAAA"},{"contentType":"image/png","url":"https://x.example/p"}],"extension":[{"url":"urn:x","valueAttachment":{"contentType":"text/plain","data":"AAAA"}},{"url":"urn:y","valueBase64Binary":"AAAA"}]}},
              {"resource":{"resourceType":"Binary","contentType":"application/pdf","data":"AAAA"}},
              {"resource":{"resourceType":"Media","status":"completed","content":{"contentType":"image/gif","hash":"AAAA"},"contained":[{"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":{"contentType":"text/xml","data":"AAAA"}}]}]}},
              {"resource":{"resourceType":"Provenance","target":[{"reference":"Patient/1"}],"recorded":"2026-01-01T00:00:00Z","agent":[{"who":{"reference":"Patient/1"}}],"signature":[{"type":[{"code":"x"}],"when":"2026-01-01T00:00:00Z","who":{"reference":"Patient/1"},"sigFormat":"application/signature+xml","data":"AAAA"}]}}]}
            """);
        Assert.Equal(
        [
            ("Bundle.entry[0].resource.photo[0].data", "image/png"), ("Bundle.entry[0].resource.extension[0].valueAttachment.data", "text/plain"), ("Bundle.entry[0].resource.extension[1].valueBase64Binary", null),
            ("Bundle.entry[1].resource.data", "application/pdf"), ("Bundle.entry[2].resource.contained[0].content[0].attachment.data", "text/xml"), ("Bundle.entry[3].resource.signature[0].data", null),
        ], Files(json.RootElement).Select(file => (file.Where, file.ContentType)));
        using var none = JsonDocument.Parse("""{"resourceType":"Patient","active":true}""");
        Assert.Same(Files(none.RootElement), Files(none.RootElement));
    }

    /// <summary>What docs/record.md says of them.</summary>
    [Fact]
    public void Of_the_official_examples_these_hold_files_that_do_not_fit()
    {
        var (unfit, all) = (new List<string>(), 0);
        using var zip = ZipFile.OpenRead(SharedData.Path("fhir-r4-examples", "r4-examples-json.zip"));
        foreach (var entry in zip.Entries.Where(entry => entry.Name.EndsWith(".json", StringComparison.Ordinal)))
        {
            using var content = new MemoryStream();
            using (var stream = entry.Open()) stream.CopyTo(content);
            using var json = FhirJson.Parse(content.ToArray());
            var files = Files(json.RootElement).Where(file => file.ContentType is not null).ToList();
            all += files.Count;
            if (files.Exists(file => file.WhatIsUnfit() is not null)) unfit.Add(Path.GetFileNameWithoutExtension(entry.Name));
        }
        Assert.Equal(["communication-example-fm-attachment", "communication-example-fm-solicited-attachment", "diagnosticreport-example-pgx", "documentmanifest-fm-attachment", "media-example-sound"], unfit.Order(StringComparer.Ordinal));
        Assert.True(all >= 15, $"{all} files.");
    }
}
