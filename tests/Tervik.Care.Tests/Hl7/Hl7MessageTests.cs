using System.Text;
using CsCheck;
using Tervik.Care.Hl7;

namespace Tervik.Care.Tests.Hl7;

public sealed class Hl7MessageTests
{
    const string Header = "MSH|^~\\&|HIS|HOSP|EHR|NODE|20260102030405+0100||ADT^A01^ADT_A01|7|P|2.5\r";

    static Hl7Message Parse(string text) => Hl7Message.Parse(text);

    [Theory]
    [InlineData("\r"), InlineData("\n"), InlineData("\r\n")]
    public void Segments_end_with_CR_LF_or_both(string end)
    {
        var message = Parse(Header.Replace("\r", end, StringComparison.Ordinal) + $"EVN|A01{end}PID|1{end}{end}");
        Assert.Equal(["MSH", "EVN", "PID"], message.Segments.Select(segment => segment.Name));
        Assert.Equal(("ADT", "A01", "7", "2.5"), (message.Type, message.Event, message.ControlId, message.Version));
    }

    [Fact]
    public void Delimiters_are_those_of_the_header()
    {
        var pid = Parse("MSH%$*!@%HIS%HOSP%%%20260102%%ADT$A01%7%P%2.5\rPID%1%%123$$$A@1.2.3@ISO*456%%Do!T!e$Jane!S!\r").First("PID")!;
        Assert.Equal(["123", "456"], pid[3].Repetitions.Select(one => one[1].Text));
        Assert.Equal(("A", "1.2.3", "ISO"), (pid[3][4].Sub(1).Text, pid[3][4].Sub(2).Text, pid[3][4].Sub(3).Text));
        Assert.Equal(("Do@e", "Jane$"), (pid[5][1].Text, pid[5][2].Text));
    }

    [Theory]
    [InlineData(@"a\F\b\S\c\T\d\R\e\E\f", @"a|b^c&d~e\f")]
    [InlineData(@"one\.br\two\.sp2\three", "one\ntwo\n\nthree")]
    [InlineData(@"\H\bold\N\ \Z12\x", "bold x")]
    [InlineData(@"\X41\\X6263\", "Abc")]
    [InlineData(@"C:\dir", @"C:\dir")]
    [InlineData(@"C:\dir\file", @"C:\dir\file")]
    [InlineData(@"\X00\bell\X07\", "bell")]
    public void Escapes_become_what_they_stand_for(string sent, string meant) => Assert.Equal(meant, Delimiters.Usual.Unescape(sent));

    [Fact]
    public void A_text_that_was_escaped_is_read_back() => (from text in Gen.String[Gen.Char[" abcÅß한|^~\\&#.brX41\n"], 0, 40]
                                                              from order in Gen.Shuffle("|^~\\&!$%*@".ToCharArray())
                                                              select (text, new Delimiters(order[0], order[1], order[2], order[3], order[4])))
        .Sample((text, with) => with.Unescape(with.Escaped(text)) == text);

    [Fact]
    public void Nothing_null_and_a_value_are_told_apart()
    {
        var pid = Parse(Header + "PID|1||\"\"||^^|x|\"\"^\"\"\r").First("PID")!;
        Assert.True(pid[3] is { IsNull: true, IsSaid: true, HasValue: false });
        Assert.True(pid[4] is { IsNull: false, IsSaid: false, HasValue: false });
        Assert.True(pid[5] is { IsEmpty: true });
        Assert.True(pid[6].HasValue);
        Assert.Empty(pid[7].Repetitions);
        Assert.True(pid[99].IsEmpty); // the segment ended before
    }

    [Theory]
    [InlineData("")]
    [InlineData("PID|1\r")]
    [InlineData("MSH")]
    [InlineData("MSH|")]
    [InlineData("MSH|^~\\^|x\r")] // one twice
    [InlineData("MSH|0000|x\r")]
    [InlineData("MSHA^~\\&A\r")]
    [InlineData("MSH|^~\\&|x\rpid|1\r")]
    [InlineData("MSH|^~\\&|x\r||0|\r")]
    public void What_is_no_message_is_refused_whole(string text) => Assert.True(Assert.Throws<Hl7Exception>(() => Parse(Hl7Text.Split(text).Messages[0])).IsUnreadable);

    [Fact]
    public void An_escape_character_that_is_doubled_in_the_header_is_read_as_one() => Assert.Equal(('\\', '&'), (Parse("MSH|^~\\\\&|x\r").Delimiters.Escape, Parse("MSH|^~\\\\&|x\r").Delimiters.Subcomponent));

    [Fact]
    public void A_message_over_a_limit_is_refused_before_it_is_divided()
    {
        Assert.Throws<Hl7Exception>(() => Parse(Header + new string('x', Hl7Message.LongestMessage)));
        Assert.Throws<Hl7Exception>(() => Parse(Header + string.Concat(Enumerable.Repeat("ZZZ|1\r", Hl7Message.MostSegments + 1))));
        Assert.Throws<Hl7Exception>(() => Parse(Header + "PID" + new string('|', Hl7Message.MostFields + 1) + "\r"));
        Assert.Throws<Hl7Exception>(() => Parse(Header + "PID|||" + new string('~', 1001) + "1\r").First("PID")![3].Repetitions);
    }

    [Theory]
    [InlineData("UNICODE UTF-8", "utf-8")]
    [InlineData("8859/1", "iso-8859-1")]
    [InlineData("8859/2", "iso-8859-2")]
    [InlineData("8859/15", "iso-8859-15")]
    [InlineData("KS X 1001", "euc-kr")]
    public void The_character_set_is_that_of_MSH_18(string name, string encoding)
    {
        var used = CodePagesEncodingProvider.Instance.GetEncoding(encoding) ?? Encoding.GetEncoding(encoding);
        var name5 = encoding switch { "euc-kr" => "김민지", "iso-8859-2" => "Müller Łukasz", "iso-8859-15" => "Šmídß€", _ => "Åse Õunapuu" };
        var text = $"MSH|^~\\&|HIS|||||||7||2.5||||||{name}\rPID|1||5||{name5}\r";
        Assert.Equal(name5, Parse(Hl7Text.Decode(used.GetBytes(text)).Text).First("PID")![5].Text);
    }

    [Fact]
    public void Without_a_character_set_UTF_8_is_recognised_and_all_else_is_8859_1()
    {
        foreach (var encoding in (Encoding[])[Encoding.UTF8, Encoding.Latin1, Encoding.Unicode, Encoding.BigEndianUnicode])
            Assert.Contains("|Åse\r", Hl7Text.Decode([.. encoding.Preamble, .. encoding.GetBytes(Header + "PID|1||5||Åse\rPV1|1\r")]).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("KLINGON")]
    [InlineData("8859/99")]
    public void A_character_set_that_nobody_knows_is_named_as_the_fault(string name) =>
        Assert.Equal("MSH^1^18", Assert.Throws<Hl7Exception>(() => Hl7Text.Decode(Encoding.UTF8.GetBytes($"MSH|^~\\&|HIS|||||||7||2.5||||||{name}\r"))).Faults[0].Where.ToString());

    [Fact]
    public void Bytes_that_are_not_of_the_character_set_are_refused() => Assert.Throws<Hl7Exception>(() => Hl7Text.Decode([.. "MSH|^~\\&|HIS|||||||7||2.5||||||UNICODE UTF-8\rPID|1||5||"u8, 0xC5, (byte)'s', (byte)'\r']));

    [Fact]
    public void A_file_is_divided_into_its_messages()
    {
        Assert.Equal((2, false), (Hl7Text.Split(Header + "PID|1\r" + Header).Messages.Count, Hl7Text.Split(Header + Header).IsBatch));
        var (messages, isBatch) = Hl7Text.Split($"FHS|^~\\&\rBHS|^~\\&\r{Header}PID|1\r{Header}PID|2\rBTS|2\rFTS|1\r");
        Assert.True(isBatch);
        Assert.All(messages, message => Assert.Equal(["MSH", "PID"], Parse(message).Segments.Select(segment => segment.Name)));
        Assert.Equal("BTS^1^1", Assert.Throws<Hl7Exception>(() => Hl7Text.Split($"BHS|^~\\&\r{Header}PID|1\rBTS|2\r")).Faults[0].Where.ToString());
        // The name of a segment inside a field begins no message.
        Assert.Single(Hl7Text.Split(Header + "NTE|1||MSH is a header\r").Messages);
    }

    static readonly Gen<byte[]> Damaged = from seed in Gen.Const(Header + "EVN|A01|20260102\rPID|1||12^^^A&1.2&ISO~34||Do\\T\\e^Jane||19800203|F|||Street&9^^City\rPV1|1|I|W^1^2||||7^Doc|||||||||||V1\rOBX|1|NM|8867-4^Rate^LN||60~70|/min\rDG1|1||I10^x^I10\rIN1|1|P|C\rSCH|1|2||||||||||^^30^202601021000\rMRG|9\r")
                                          from edits in Gen.Select(Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 2]).Array[0, 30]
                                          select Edit(Encoding.Latin1.GetBytes(seed), edits);

    static byte[] Edit(byte[] bytes, (int At, byte Value, int Kind)[] edits)
    {
        var list = bytes.ToList();
        foreach (var (at, value, kind) in edits)
        {
            var place = Math.Min(at, list.Count - 1);
            if (list.Count == 0) break;
            if (kind == 0) list[place] = value;
            else if (kind == 1) list.Insert(place, value);
            else list.RemoveAt(place);
        }
        return [.. list];
    }

    static bool IsReadOrRefused(byte[] bytes)
    {
        try
        {
            var (text, encoding) = Hl7Text.Decode(bytes);
            foreach (var one in Hl7Text.Split(text).Messages)
            {
                var message = Hl7Message.Parse(one, encoding);
                foreach (var segment in message.Segments)
                    for (var field = 1; field <= segment.Count; field++)
                        foreach (var value in segment[field].Repetitions)
                            for (var component = 1; component < 5; component++) _ = value[component].Sub(2).Text + value[component].Text;
                Hl7Message.Parse(Acknowledgment.Write(message, "AA", [], DateTimeOffset.UnixEpoch));
            }
        }
        catch (Hl7Exception)
        {
            // It says what is wrong.
        }
        return true;
    }

    [Fact]
    public void Whatever_is_sent_is_read_or_refused_with_a_reason()
    {
        Damaged.Sample(IsReadOrRefused, iter: 20_000);
        Gen.Byte.Array[0, 200].Sample(bytes => IsReadOrRefused(bytes) && IsReadOrRefused([.. "MSH"u8, .. bytes]), iter: 20_000);
    }

    [Fact]
    public void What_others_fuzzers_found_is_read_or_refused_with_a_reason()
    {
        foreach (var (name, bytes) in Tervik.Tests.SharedData.Files("hl7v2", "nhapi")) Assert.True(IsReadOrRefused(bytes), name);
    }
}
