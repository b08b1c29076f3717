using System.Globalization;
using System.Text.Json.Nodes;

namespace Tervik.Care.Hl7;

/// <content>SCH, TQ1, NTE, RGS, AIS, AIG, AIL and AIP into the Appointment.</content>
sealed partial class Mapping
{
    /// <summary>Something that an appointment takes.</summary>
    /// <param name="Segment">AIS, AIG, AIL or AIP.</param>
    /// <param name="Start">When it begins; null when nobody said.</param>
    /// <param name="Minutes">How long; null when nobody said.</param>
    sealed record Resource(Hl7Segment Segment, Hl7Time? Start, double? Minutes)
    {
        public bool IsRemoved => Segment[2].Text == "D";
    }

    async ValueTask Schedule()
    {
        if (message.First("SCH") is not { } sch) throw MissingSegment("SCH", "an appointment");
        var taken = message.Segments.Where(segment => segment.Name is "AIS" or "AIG" or "AIL" or "AIP").Select(Read).ToList();
        if (trigger is "S23" or "S24")
        {
            await Block(sch, taken);
            return;
        }
        var groups = Groups("PID");
        var patients = new List<(Edited Patient, Edited? Encounter)>();
        foreach (var group in groups)
        {
            var own = group.TakeWhile(segment => segment.Name != "RGS").ToList();
            patients.Add(await Person(own));
        }
        var appointment = await AppointmentOf(sch, patients.Count > 0 ? patients[0].Patient : null);
        foreach (var (_, encounter) in patients) encounter?.Add("appointment", Fhir.Reference(appointment.Reference));

        appointment.Identify(types.EntityIdentifier(sch[1].First, "PLAC"));
        appointment.Identify(types.EntityIdentifier(sch[2].First, "FILL"));
        Times(appointment, sch, taken);
        appointment.Put("status", StatusOf(appointment, sch));
        Reasons(appointment, sch);
        // Orders are known elsewhere: by their numbers.
        foreach (var value in new[] { (sch[26], "PLAC"), (sch[27], "FILL") }.SelectMany(one => one.Item1.Repetitions.Select(value => types.EntityIdentifier(value, one.Item2))).OfType<JsonObject>())
            appointment.Add("basedOn", Fhir.Object(("type", "ServiceRequest"), ("identifier", value)));
        if (message.Segments.SkipWhile(segment => segment.Name != "SCH").Skip(1).TakeWhile(segment => segment.Name is "NTE" or "TQ1").Where(segment => segment.Name == "NTE" && segment[3].HasValue).Select(note => note[3].Whole).ToList() is { Count: > 0 } notes)
            appointment.Put("comment", string.Join('\n', notes));
        await Participants(appointment, patients, taken);

        var status = appointment.Resource.Text("status");
        if (appointment.Resource.Text("start") is null && status is not ("proposed" or "cancelled" or "waitlist"))
            throw appointment.IsNew && trigger is not ("S12" or "S13" or "S14")
                ? new Hl7Exception(new Hl7Fault(Hl7Error.UnknownKey, sch[2].Place, "There is no such appointment, and the message does not say when it was."))
                : Missing(sch, 11, "the time of the appointment, here, in TQ1-7 or in the resources,");
    }

    async ValueTask<Edited> AppointmentOf(Hl7Segment sch, Edited? patient)
    {
        var keys = new[] { sch[2], sch[1] }.Select(field => (Key: types.KeyOfEntity(field.First), field.Place)).Where(one => one.Key is not null).ToList();
        if (keys.Count == 0) throw Missing(sch, 1, "the number of the appointment, here or in SCH-2,");
        foreach (var (key, place) in keys)
            if (await changes.Find("Appointment", key!.Value, place, patient?.Reference) is { } known) return known;
        return await changes.ReadOrBegin("Appointment", changes.IdOf("Appointment", patient?.Id ?? "", keys[0].Key!.Value.System, keys[0].Key!.Value.Value));
    }

    string StatusOf(Edited appointment, Hl7Segment sch)
    {
        var before = appointment.Resource.Text("status");
        return trigger switch
        {
            "S15" or "S16" => "cancelled",
            "S17" => "entered-in-error",
            "S26" => "noshow",
            _ => Tables.AppointmentStatus.GetValueOrDefault(sch[25][1].Text) ?? (trigger is "S12" or "S13" || before is null ? "booked" : before),
        };
    }

    Resource Read(Hl7Segment segment)
    {
        var from = segment.Name switch { "AIS" => 4, "AIG" => 8, _ => 6 };
        return new(segment, Hl7Time.Read(segment[from].First), Minutes(segment[from + 3].Text, segment[from + 4][1].Text));
    }

    /// <summary>A duration in minutes; null when there is none.</summary>
    static double? Minutes(string number, string unit) => !double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) || value is <= 0 or > 10_000_000 ? null
        : unit.ToUpperInvariant() switch { ['S', ..] => value / 60, ['H', ..] => value * 60, ['D', ..] => value * 1440, _ => value };

    void Times(Edited appointment, Hl7Segment sch, List<Resource> taken)
    {
        var tq1 = message.First("TQ1");
        var timing = sch[11].First;
        Hl7Time? start = null, end = null;
        if (tq1 is not null && Hl7Time.Read(tq1[7].First) is { } began) (start, end) = (began, Hl7Time.Read(tq1[8].First));
        else if (Hl7Time.Read(timing[4]) is { } planned) (start, end) = (planned, Hl7Time.Read(timing[5]));
        else start = taken.Where(one => one is { Start: not null, IsRemoved: false }).Select(one => one.Start).OrderBy(one => one!.Value.At(types.Zone)).FirstOrDefault();
        // TQ.3 writes M30 for 30 minutes.
        var quantity = timing[3].Text is [var unit, .. var count] && char.IsAsciiLetter(unit) ? Minutes(count, unit.ToString()) : null;
        var minutes = Minutes(sch[9].Text, sch[10][1].Text) ?? quantity;
        if (minutes is { } said && (int)Math.Round(said) is > 0 and var whole) appointment.Put("minutesDuration", whole);
        if (start is not { } first) return;
        var from = first.At(types.Zone);
        var longest = taken.Where(one => one is { Minutes: not null, IsRemoved: false }).Select(one => one.Minutes!.Value).DefaultIfEmpty(0).Max();
        var until = end?.At(types.Zone) is { } to && to >= from ? end.Value.Instant(types.Zone) : Written(from.AddMinutes(minutes ?? longest));
        if (end is { } early && early.At(types.Zone) < from) Warn(Hl7Error.DataType, sch[11].Place, "The appointment would end before it begins; its end follows from its duration.");
        appointment.Put("start", first.Instant(types.Zone));
        appointment.Put("end", until);
    }

    void Reasons(Edited appointment, Hl7Segment sch)
    {
        // The type of table 0276 is what FHIR calls the type of an appointment; the guide has it as reason, in SNOMED CT.
        if (sch[7].HasValue && DataTypes.Concept(sch[7].First, Tables.AppointmentReason, "0276") is { } reason)
        {
            var isKnown = reason.Items("coding").FirstOrDefault() is { } coding && coding.Text("system") == Tables.TableOf("0276") && Tables.AppointmentReason.ContainsKey(coding.Text("code")!);
            if (isKnown) appointment.Put("appointmentType", reason.DeepClone());
            if (isKnown && Tables.AppointmentReasonSnomed.TryGetValue(sch[7][1].Text, out var meaning)) reason["coding"]!.AsArray().Add(DataTypes.Coding(meaning));
            appointment.Put("reasonCode", new JsonArray(reason));
        }
        if (sch[8].HasValue && DataTypes.Concept(sch[8].First, Tables.AppointmentType, "0277") is { } type)
        {
            if (appointment.Resource["appointmentType"].Items("coding").FirstOrDefault() is { } known && known.Text("system") == Tables.TableOf("0276") && sch[7].HasValue && appointment.Resource["appointmentType"]!["coding"] is JsonArray codings)
            {
                foreach (var other in type.Items("coding")) codings.Add(other.DeepClone());
            }
            else appointment.Put("appointmentType", type);
        }
        if (trigger is "S15" or "S16" or "S26" && sch[6].HasValue && DataTypes.Concept(sch[6].First) is { } why) appointment.Put("cancelationReason", why);
        else if (trigger is not ("S15" or "S16" or "S26")) appointment.Resource.Remove("cancelationReason");
    }

    async ValueTask Participants(Edited appointment, List<(Edited Patient, Edited? Encounter)> patients, List<Resource> taken)
    {
        foreach (var (patient, _) in patients)
            if (!appointment.Resource.Items("participant").Any(one => one["actor"].Text("reference") == patient.Reference)) appointment.Add("participant", new() { ["actor"] = Fhir.Reference(patient.Reference), ["status"] = "accepted" });
        var services = new List<JsonObject?>();
        var others = new List<(JsonObject Participant, bool IsRemoved)>();
        foreach (var one in taken)
        {
            var segment = one.Segment;
            if (segment.Name == "AIS")
            {
                if (DataTypes.Concept(segment[3].First) is { } service && !one.IsRemoved && trigger is not ("S20" or "S21" or "S22")) services.Add(service);
                continue;
            }
            var actor = segment.Name switch { "AIP" => await Person(segment[3].First), "AIL" => await Place(segment[3].First), _ => await Equipment(segment[3].First) };
            var kind = DataTypes.Concept(segment[4].First);
            if (actor is null && kind is null) continue;
            var status = (segment.Name == "AIG" ? segment[14] : segment[12])[1].Text.ToUpperInvariant() switch { "PENDING" or "WAITLIST" => "needs-action", "CANCELLED" or "DELETED" or "DISCONTINUED" => "declined", _ => "accepted" };
            others.Add((Fhir.Object(("type", Fhir.Array(kind)), ("actor", actor), ("status", status), ("period", PeriodOf(one)))!, one.IsRemoved));
        }
        if (trigger is "S20" or "S21" or "S22") // the service alone ends; the appointment goes on
        {
            var gone = taken.Where(one => one.Segment.Name == "AIS").Select(one => DataTypes.Concept(one.Segment[3].First)).OfType<JsonObject>().Select(NameOfCode).ToHashSet();
            appointment.Replace("serviceType", service => gone.Contains(NameOfCode(service)), []);
        }
        else if (trigger is "S18" or "S19")
            foreach (var service in services) appointment.Replace("serviceType", one => NameOfCode(one) == NameOfCode(service!), [service]);
        else if (services.Count > 0) appointment.Replace("serviceType", _ => true, services);
        // A message about the whole appointment names all its resources; one about a service those of the service.
        if (others.Count > 0 && trigger is "S12" or "S13" or "S14") appointment.Replace("participant", one => one["actor"].Text("reference") is not { } who || !who.StartsWith("Patient/", StringComparison.Ordinal), []);
        foreach (var (participant, isRemoved) in others)
            appointment.Replace("participant", one => JsonNode.DeepEquals(one["actor"], participant["actor"]), isRemoved || trigger is "S22" ? [] : [participant]);
        if (!appointment.Resource.Items("participant").Any()) throw MissingSegment("PID", "a patient, or a resource that the appointment takes,");
    }

    JsonObject? PeriodOf(Resource one) => one.Start is not { } start ? null
        : Fhir.Object(("start", start.DateTime(types.Zone)), ("end", one.Minutes is { } minutes && start.HasTime ? Written(start.At(types.Zone).AddMinutes(minutes)) : null));

    /// <summary>AIG-3: equipment, known by its number.</summary>
    async ValueTask<JsonObject?> Equipment(Hl7Value ce)
    {
        if (ce[1].Said is not { } number) return ce[2].Said is { } name ? Fhir.Object(("type", "Device"), ("display", name)) : null;
        var device = await changes.ReadOrBegin("Device", changes.IdOf("Device", types.Namespaces.Sender, number));
        if (device.IsNew)
        {
            device.Put("identifier", Fhir.Array(DataTypes.Identifier(new(types.Namespaces.Sender, number))));
            if (ce[2].Said is { } called) device.Put("deviceName", new JsonArray(new JsonObject { ["name"] = called, ["type"] = "user-friendly-name" }));
        }
        return Fhir.Reference(device.Reference, ce[2].Said);
    }

    /// <summary>S23 and S24: nobody can book these resources then, or can again.</summary>
    async ValueTask Block(Hl7Segment sch, List<Resource> taken)
    {
        var timing = sch[11].First;
        var blocked = 0;
        foreach (var one in taken.Where(one => one.Segment.Name != "AIS"))
        {
            var actor = one.Segment.Name switch { "AIP" => await Person(one.Segment[3].First), "AIL" => await Place(one.Segment[3].First), _ => await Equipment(one.Segment[3].First) };
            if (actor?.Text("reference") is not { } reference) continue;
            var start = one.Start ?? Hl7Time.Read(message.First("TQ1")?[7].First ?? Nothing) ?? Hl7Time.Read(timing[4]) ?? throw Missing(sch, 11, "from when on nobody can book");
            var end = (one.Minutes ?? Minutes(sch[9].Text, sch[10][1].Text)) is { } minutes ? Written(start.At(types.Zone).AddMinutes(minutes)) : (Hl7Time.Read(message.First("TQ1")?[8].First ?? Nothing) ?? Hl7Time.Read(timing[5]))?.Instant(types.Zone) ?? throw Missing(sch, 9, "until when nobody can book");
            var schedule = await changes.ReadOrBegin("Schedule", changes.IdOf("Schedule", reference));
            if (schedule.IsNew) schedule.Put("actor", new JsonArray(Fhir.Reference(reference)));
            var slot = await changes.ReadOrBegin("Slot", changes.IdOf("Slot", reference, start.Instant(types.Zone), end));
            slot.Put("schedule", Fhir.Reference(schedule.Reference));
            slot.Put("status", trigger == "S23" ? "busy-unavailable" : "free");
            slot.Put("start", start.Instant(types.Zone));
            slot.Put("end", end);
            foreach (var field in new[] { sch[1], sch[2] }) slot.Identify(types.EntityIdentifier(field.First));
            blocked++;
        }
        if (blocked == 0) throw MissingSegment("AIP", "a person, place or thing to block");
    }
}
