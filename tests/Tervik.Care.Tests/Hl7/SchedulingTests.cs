using System.Text.Json.Nodes;
using CsCheck;
using Tervik.Care.Hl7;
using Tervik.Storage;

namespace Tervik.Care.Tests.Hl7;

/// <summary>SIU: what messages make of appointments.</summary>
public sealed class SchedulingTests
{
    const string Jane = "PID|1||12^^^HOSP&1.2.3&ISO^MR||Doe^Jane", Sch = "SCH|P1^HIS|F1^SCHED||||Reason why|CHECKUP^A checkup^HL70276|Normal^^HL70277|30|min|^^30^202603010900^202603010930|||||7^Clerk^Clara^^^^^^DOCS||||8^Enter^Eve^^^^^^DOCS";
    static readonly string[] Resources = ["RGS|1|A", "AIS|1|A|XR^X-ray^L|202603010900|||30|min", "AIP|1|A|77^House^Greg^^^^^^DOCS|D^Doctor^L||202603010900|||30|min", "AIL|1|A|W3^12^^HOSP|||202603010900|||30|min", "AIG|1|A|SCAN1^Scanner^L|E^Equipment^L||||202603010900|||30|min"];

    static string? Text(JsonNode? node, params object[] path)
    {
        foreach (var step in path) node = step is int i ? node?[i] : node?[(string)step];
        return node is null ? null : node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node.ToJsonString();
    }

    [Theory]
    [InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task A_booking_brings_the_appointment_with_all_that_it_takes(Engine engine)
    {
        await using var hospital = await Hospital.Open(engine);
        await hospital.Told("SIU^S12^SIU_S12", [Sch, "NTE|1||bring papers", Jane, .. Resources]);
        var appointment = await hospital.The("Appointment");
        Assert.Equal(("booked", "2026-03-01T09:00:00+01:00", "2026-03-01T09:30:00+01:00", "30", "bring papers"), (Text(appointment, "status"), Text(appointment, "start"), Text(appointment, "end"), Text(appointment, "minutesDuration"), Text(appointment, "comment")));
        Assert.Equal(["P1", "F1"], appointment["identifier"]!.AsArray().Select(one => Text(one, "value")));
        Assert.Equal(("CHECKUP", "866149003", "XR"), (Text(appointment, "appointmentType", "coding", 0, "code"), Text(appointment, "reasonCode", 0, "coding", 1, "code"), Text(appointment, "serviceType", 0, "coding", 0, "code")));
        Assert.Equal(["Device", "Location", "Patient", "Practitioner"], appointment["participant"]!.AsArray().Select(one => Text(one, "actor", "reference")!.Split('/')[0]).Order());
        // Who answers the telephone takes no part, and so sees nothing of the patient.
        Assert.DoesNotContain((await hospital.All("Practitioner")).Where(one => Text(one, "name", 0, "family") is "Clerk" or "Enter"), one => appointment.ToJsonString().Contains(Text(one, "id")!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_appointment_is_moved_changed_cancelled_and_missed()
    {
        await using var hospital = await Hospital.Open();
        async Task<(string?, string?)> After(string trigger, params string[] segments)
        {
            await hospital.Told($"SIU^{trigger}", segments);
            var appointment = await hospital.The("Appointment");
            return (Text(appointment, "status"), Text(appointment, "start"));
        }
        Assert.Equal(("booked", "2026-03-01T09:00:00+01:00"), await After("S12", [Sch, Jane, .. Resources]));
        Assert.Equal(("booked", "2026-03-02T10:00:00+01:00"), await After("S13", "SCH|P1^HIS|F1^SCHED|||||||30|min|^^30^202603021000", Jane));
        Assert.Equal(4, (await hospital.The("Appointment"))["participant"]!.AsArray().Count); // they were not spoken of
        Assert.Equal(("pending", "2026-03-02T10:00:00+01:00"), await After("S14", "SCH|P1^HIS|F1^SCHED|||||||||||||||||||||||Pending", Jane));
        Assert.Equal(("pending", "2026-03-02T10:00:00+01:00"), await After("S18", "SCH|P1^HIS|F1^SCHED", Jane, "RGS|1|A", "AIS|1|A|BL^Blood^L"));
        Assert.Equal(2, (await hospital.The("Appointment"))["serviceType"]!.AsArray().Count);
        Assert.Equal(("pending", "2026-03-02T10:00:00+01:00"), await After("S22", "SCH|P1^HIS|F1^SCHED", Jane, "RGS|1|D", "AIS|1|D|XR^X-ray^L"));
        Assert.Equal("BL", Text((await hospital.The("Appointment"))["serviceType"]!.AsArray().Single(), "coding", 0, "code"));
        Assert.Equal("cancelled", (await After("S15", "SCH|P1^HIS|F1^SCHED||||ILL^Patient is ill^L", Jane)).Item1);
        Assert.Equal("ILL", Text(await hospital.The("Appointment"), "cancelationReason", "coding", 0, "code"));
        Assert.Equal("noshow", (await After("S26", "SCH|P1^HIS|F1^SCHED", Jane)).Item1);
        Assert.Equal("entered-in-error", (await After("S17", "SCH|P1^HIS|F1^SCHED")).Item1); // without the patient too
        await hospital.The("Patient");
    }

    [Fact]
    public async Task A_time_that_is_blocked_cannot_be_booked_until_it_is_opened()
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("SIU^S23", "SCH||B1", "RGS|1", Resources[2]);
        Assert.Equal(("busy-unavailable", "2026-03-01T09:00:00+01:00", "2026-03-01T09:30:00+01:00"), (Text(await hospital.The("Slot"), "status"), Text(await hospital.The("Slot"), "start"), Text(await hospital.The("Slot"), "end")));
        await hospital.Told("SIU^S24", "SCH||B1", "RGS|1", Resources[2]);
        Assert.Equal("free", Text(await hospital.The("Slot"), "status"));
    }

    public static TheoryData<string> Events => [.. Enumerable.Range(12, 13).Append(26).Select(number => $"S{number}")];

    [Theory, MemberData(nameof(Events))]
    public async Task Every_event_is_taken(string trigger)
    {
        await using var hospital = await Hospital.Open();
        await hospital.Told("SIU^S12", [Sch, Jane, .. Resources]);
        await hospital.Told($"SIU^{trigger}", [Sch, Jane, Hospital.Segment("PV1", (2, "O"), (19, "V1")), .. Resources]);
    }

    [Theory]
    [InlineData("S12", "SCH|P1^HIS|F1^SCHED", "SCH^1^11", 101)] // without a time
    [InlineData("S12", "SCH|||||||||||^^30^202603010900", "SCH^1^1", 101)] // without a number
    [InlineData("S26", "SCH|P1^HIS", "SCH^1^2", 204)] // an appointment that nobody knows, at no time
    [InlineData("S12", "SCH|P1|||||||||||^^30^2026x", "PID^1", -1)]
    public async Task What_cannot_be_an_appointment_is_refused(string trigger, string sch, string place, int error)
    {
        await using var hospital = await Hospital.Open();
        var taken = await hospital.Send($"SIU^{trigger}", sch, Jane);
        Assert.Equal("AE", taken.Code);
        if (error > 0) Assert.Equal((place, error), (taken.Faults[0].Where.ToString(), (int)taken.Faults[0].Code));
        Assert.Equal(0, await hospital.Count());
    }

    [Fact]
    public async Task Whatever_is_sent_has_an_answer_and_is_no_fault_of_ours()
    {
        await using var hospital = await Hospital.Open();
        string[] seeds =
        [
            hospital.Text("SIU^S12", [Sch, "TQ1|1||||||202603010900|202603010930", Jane, "PV1|1|O|W^1^2||||7^Doc||||||||||||V1||||||||||||||||||||||||||202601020200", .. Resources]),
            hospital.Text("ADT^A01", "EVN|A01|20260102||01|7^Op^Olga|20260102|FAC^1.2.3^ISO", Jane + "||19800203|F|X^Y|W^^HL70005|S&1^2^C^^1^DK^H||1^PRN^CP~^NET^Internet^a@b.c|2|da|M|R|ACC1|SSN|DL^X|5^^^M||B|Y|2|DK||DK|20260101|Y", "NK1|1|Doe^A|SPO", "PV1|1|I|W^1^2^F^^^B^3|R|5||7^Doc|8^Ref||MED||||1|A0||9^Adm||V1|||||||||||||||||01|H^20260101||||||||20260101|20260102", "PV2|||R^reason|||||20260101|20260102|1|2||||||||||||||1", "AL1|1|FA|E^Egg|SV|Rash~Hives|2020", "DG1|1||I10^x^I10||2026|F", "PR1|1||K^op^L|op|202601011200|D|30|7^A|||8^S", "OBX|1|SN|K^k^LN||>^5|mg|1-2|H|||F", "OBX|2|TM|K^k^LN|2|1200", "OBX|3|CWE|K|3|A^b^L~C", "IN1|1|P^p|C|Co|S^^T|||||||2026|2027||HMO|Doe^A|SPO|1970|S^^T"),
            hospital.Text("ADT^A40", "EVN|A40", Jane, "PD1|||GP^^1|7^Gp", "MRG|99~98"),
        ];
        var letters = Gen.OneOf(Gen.Char["|^~\\&\r\"0123456789"], Gen.Char[' ', '~'], Gen.Char);
        await Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Select(Gen.Int[60, 1500], letters, Gen.Int[0, 2]).Array[1, 8]).SampleAsync(async (seed, edits) =>
        {
            var text = seeds[seed].ToList();
            foreach (var (at, letter, kind) in edits)
            {
                var place = Math.Min(at, text.Count - 1);
                if (kind == 0) text[place] = letter;
                else if (kind == 1) text.Insert(place, letter);
                else text.RemoveAt(place);
            }
            foreach (var taken in (await hospital.Take(string.Concat(text))).Messages)
                Assert.True(taken.Code is "AA" or "AE" or "AR" && taken.Status != 500, $"{taken.Answer}\n{string.Concat(text)}");
        }, iter: 3000, threads: 1);
    }
}
