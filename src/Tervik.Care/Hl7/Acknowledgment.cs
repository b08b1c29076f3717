using System.Globalization;
using System.Text;

namespace Tervik.Care.Hl7;

/// <summary>Writes ACK: MSH with sender and receiver exchanged, MSA, and an ERR for each fault, in the delimiters and the version of the message. Source: HL7 v2.8, chapter 2, sections 2.9 and 2.15.5.</summary>
static class Acknowledgment
{
    const int MostErrors = 50, LongestText = 250;
    const string Usual = "2.5.1", Table = "HL70357";

    /// <param name="message">What is answered; null when it could not be read.</param>
    /// <param name="code">AA, AE, AR; CA, CE, CR.</param>
    /// <param name="faults">Why, and what the sender should know.</param>
    /// <param name="now">When.</param>
    public static string Write(Hl7Message? message, string code, IReadOnlyList<Hl7Fault> faults, DateTimeOffset now)
    {
        var with = message?.Delimiters ?? Delimiters.Usual;
        var header = message?.Header;
        var version = header is not null && IsKnown(header[12][1].Text) ? header[12][1].Text : Usual;
        var (field, component) = (with.Field, with.Component);
        string Sent(int number) => header?[number].Raw.Trim() ?? "";
        var (isOld, trigger) = (Number(version) < 2.4m, message?.Header[9][2].Text ?? "");
        var type = new[] { "ACK", with.Escaped(trigger), Number(version) >= 2.4m && trigger.Length > 0 ? "ACK" : "" }.Where(part => part.Length > 0);
        var answer = new StringBuilder("MSH").Append(field).Append(with.Encoding2);
        foreach (var part in (string[])[Sent(5) is { Length: > 0 } us ? us : "TERVIK", Sent(6), Sent(3), Sent(4), now.UtcDateTime.ToString("yyyyMMddHHmmss'+0000'", CultureInfo.InvariantCulture), "", string.Join(component, type),
            Guid.CreateVersion7(now).ToString("N")[12..], Sent(11) is { Length: > 0 } processing ? processing : "P", Sent(12) is { Length: > 0 } sent && IsKnown(header![12][1].Text) ? sent : version])
            answer.Append(field).Append(part);
        if (Sent(18) is { Length: > 0 } characters) answer.Append(field, 6).Append(characters);
        answer.Append('\r').Append("MSA").Append(field).Append(code).Append(field).Append(Sent(10));
        var text = faults.FirstOrDefault(fault => !fault.IsWarning) ?? (faults.Count > 0 ? faults[0] : null);
        // MSA-3 was withdrawn when ERR could say it better.
        if (text is not null && Number(version) < 2.7m) answer.Append(field).Append(with.Escaped(Short(text.What)));
        answer.Append('\r');
        foreach (var fault in faults.Take(MostErrors))
        {
            var place = fault.Where.ToString().Replace('^', component);
            var (number, words) = ((int)fault.Code, Words(fault.Code));
            if (Number(version) >= 2.5m) answer.Append("ERR").Append(field, 2).Append(place).Append(field).Append(number).Append(component).Append(words).Append(component).Append(Table).Append(field).Append(fault.IsWarning ? 'W' : 'E').Append(field, 4).Append(with.Escaped(Short(fault.What)));
            else if (fault.IsWarning || isOld && place.Length == 0) continue;
            else
            {
                // ELD: segment, sequence, field, and the code as a CE inside.
                var parts = fault.Where.ToString().Split('^');
                var sub = with.Subcomponent == '\0' ? ' ' : with.Subcomponent;
                answer.Append("ERR").Append(field).Append(string.Join(component, [parts[0], .. parts.Skip(1).Take(2).Concat(["", ""]).Take(2)])).Append(component).Append(number).Append(sub).Append(words).Append(sub).Append(Table);
            }
            answer.Append('\r');
        }
        return answer.ToString();
    }

    static string Short(string text) => text.Length > LongestText ? text[..LongestText] : text;

    static decimal Number(string version) => decimal.Parse(version[..3], CultureInfo.InvariantCulture);

    /// <summary>Whether a version is one of 2.x, which are read alike: what was added later is at the end.</summary>
    public static bool IsKnown(string version) => version is ['2', '.', >= '1' and <= '9'] or ['2', '.', >= '1' and <= '9', '.', >= '0' and <= '9'];

    static string Words(Hl7Error code) => code switch
    {
        Hl7Error.Sequence => "Segment sequence error",
        Hl7Error.Required => "Required field missing",
        Hl7Error.DataType => "Data type error",
        Hl7Error.TableValue => "Table value not found",
        Hl7Error.UnsupportedType => "Unsupported message type",
        Hl7Error.UnsupportedEvent => "Unsupported event code",
        Hl7Error.UnsupportedProcessing => "Unsupported processing id",
        Hl7Error.UnsupportedVersion => "Unsupported version id",
        Hl7Error.UnknownKey => "Unknown key identifier",
        Hl7Error.DuplicateKey => "Duplicate key identifier",
        Hl7Error.Locked => "Application record locked",
        _ => "Application internal error",
    };
}
