using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Tervik.Care.Messages;
using Tervik.Care.Pathways;

namespace Tervik.Care.Tests.Pathways;

/// <summary>The rules of a pathway: which templates are understood, when a step is due, what answers it, who waits for whom.</summary>
public sealed class PathwayTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 2, 9, 0, 0, TimeSpan.Zero);
    static readonly DateOnly Start = new(2026, 11, 2);
    static readonly Correspondent Patient = new("Patient/1", "Ada"), Doctor = new("Practitioner/gp", "Dr. Gp"), Unit = new("Organization/bowel", "Bowel clinic");
    static DateOnly After(int days) => Start.AddDays(days);

    const string Referral = """{"type":"ServiceRequest","codeFilter":[{"path":"category","code":[{"system":"http://snomed.info/sct","code":"3457005"}]}]}""";

    static string Action(string id, string owner, string more) => $$$"""{"id":"{{{id}}}","title":"The {{{id}}}","participant":[{"type":"practitioner","role":{"coding":[{"system":"urn:tervik:pathway:owner","code":"{{{owner}}}"}]}}],{{{more}}}}""";
    static string Days(string name, int days) => $"\"{name}\":{{\"value\":{days},\"code\":\"d\",\"system\":\"http://unitsofmeasure.org\"}}";
    static string Related(string step, string relationship, int days) => $"\"relatedAction\":[{{\"actionId\":\"{step}\",\"relationship\":\"{relationship}\",{Days("offsetDuration", days)}}}]";
    static string Result(string code) => $"\"output\":[{{\"type\":\"Observation\",\"codeFilter\":[{{\"path\":\"code\",\"code\":[{{\"system\":\"http://loinc.org\",\"code\":\"{code}\"}}]}}]}}]";
    static string Definition(params string[] actions) => $$"""{"resourceType":"PlanDefinition","id":"t","url":"urn:test:plan","version":"1","status":"active","title":"Plan","action":[{{string.Join(',', actions)}}]}""";

    /// <summary>Referral, booked, blood before the visit, visit, answer, talk.</summary>
    static readonly string Bowel = Definition(
        Action("referral", "starter", $"""{Days("timingDuration", 2)},"output":[{Referral}]"""),
        Action("booking", "receiver", $$"""{{Related("referral", "after-end", 3)}},"output":[{"type":"Appointment"}]"""),
        Action("blood", "patient", $"{Related("visit", "before-start", 4)},{Result("718-7")}"),
        Action("visit", "receiver", $$"""{{Related("booking", "after-end", 10)}},"output":[{"type":"Encounter"}]"""),
        Action("tissue", "receiver", $"{Related("visit", "after-end", 7)},{Result("11526-1")}"),
        Action("talk", "starter", Related("tissue", "after", 5)));

    static JsonElement Json(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }

    static PathwayTemplate Read(string json) => PathwayTemplate.Read("t", Json(json), out var faults) ?? throw new InvalidOperationException(string.Join('\n', faults));
    static IReadOnlyList<string?> Faults(string json) => PathwayTemplate.Read("t", Json(json), out var faults) is null ? [.. faults.Select(fault => fault.Where)] : [];

    static Pathway Begin(string? definition = null, bool withReferral = true) => Pathway.Begin("plan", Read(definition ?? Bowel), Encoding.UTF8.GetBytes(definition ?? Bowel), Patient, Doctor, withReferral ? (new("ServiceRequest/r", "Referral"), Start, Unit) : null, "", Now, Start);
    static PathwayStep Step(Pathway pathway, string id) => pathway.Template.Steps.Single(step => step.Id == id);

    static IEnumerable<Evidence> Evidences(params string[] resources) => resources.SelectMany(json => Evidence.Read(Json(json).GetProperty("resourceType").GetString()!, Json(json).GetProperty("id").GetString()!, Json(json), Start));
    static readonly string Sent = $$"""{"resourceType":"ServiceRequest","id":"r","status":"active","category":[{"coding":[{"system":"http://snomed.info/sct","code":"3457005"}]}],"authoredOn":"{{Start:yyyy-MM-dd}}","performer":[{"reference":"Organization/bowel","display":"Bowel clinic"}]}""";
    static string Booked(int created, int start, string status = "booked", string basedOn = "ServiceRequest/r") => $$"""{"resourceType":"Appointment","id":"a","status":"{{status}}","created":"{{After(created):yyyy-MM-dd}}","start":"{{After(start):yyyy-MM-dd}}","basedOn":[{"reference":"{{basedOn}}"}]}""";
    static string Visited(int day) => $$"""{"resourceType":"Encounter","id":"e","status":"finished","period":{"start":"{{After(day):yyyy-MM-dd}}"},"basedOn":[{"reference":"ServiceRequest/r"}],"appointment":[{"reference":"Appointment/a"}]}""";
    static string Measured(string id, string code, int day, string status = "final") => $$"""{"resourceType":"Observation","id":"{{id}}","status":"{{status}}","code":{"coding":[{"system":"http://loinc.org","code":"{{code}}"}]},"effectiveDateTime":"{{After(day):yyyy-MM-dd}}"}""";

    static PathwayWay Way(Pathway pathway, int today, params string[] resources) => PathwayWay.Of(pathway, Evidences(resources), After(today));
    static PathwayWayStep In(PathwayWay way, string id) => way.Steps.Single(step => step.Step.Id == id);

    [Fact]
    public void What_is_promised_is_reckoned_from_when_the_referral_was_sent_and_stays()
    {
        var pathway = Begin();
        Assert.Equal([("referral", 2), ("booking", 3), ("blood", 9), ("visit", 13), ("tissue", 20), ("talk", 25)], pathway.Template.Steps.Select(step => (step.Id, pathway.Promised(step)!.Value.DayNumber - Start.DayNumber)).OrderBy(one => one.Item2));
        // As it is stored it is read again, whatever became of the template; and it says what it is made from.
        var again = Pathway.Of("plan", Encoding.UTF8.GetBytes(pathway.Plan.ToJsonString()))!;
        Assert.Equal((pathway.Title, Start, Doctor, Patient), (again.Title, again.Start, again.Starter, again.Patient));
        Assert.Equal(pathway.Template.Steps.Select(step => step.Id), again.Template.Steps.Select(step => step.Id));
        Assert.Equal(["urn:test:plan|1", "#template"], again.Plan["instantiatesCanonical"]!.AsArray().Select(one => (string?)one));
        Assert.Null(Pathway.Of("plan", """{"resourceType":"CarePlan","status":"active","intent":"plan"}"""u8.ToArray()));
    }

    [Fact]
    public void The_way_goes_on_by_what_the_record_says_and_says_who_waits_for_whom()
    {
        var pathway = Begin();
        var way = Way(pathway, 1, Sent);
        var booking = In(way, "booking");
        Assert.Equal(["booking"], way.Next.Where(step => step.Step.Id != "blood").Select(step => step.Step.Id));
        Assert.Equal((StepState.Next, Unit, After(3), Start, false), (booking.State, booking.Owner, booking.Due, booking.Since, booking.IsLate));
        Assert.Equal([Patient], booking.WaitedForBy); // the visit is the unit's own
        Assert.Equal((StepState.ToCome, "booking,blood"), (In(way, "visit").State, string.Join(',', In(way, "visit").After.Select(step => step.Id))));
        // Nobody gives a time: late, and everything after it moves day by day.
        var late = Way(pathway, 10, Sent);
        Assert.True(In(late, "booking").IsLate && late.IsLate);
        Assert.Equal((After(20), After(27), 7, 7), (In(late, "visit").Due, In(late, "tissue").Due, late.DaysLater, In(late, "booking").DaysLater));
        // Booked later than is due: the visit that is waited for is late before its day is over.
        var booked = Way(pathway, 11, Sent, Measured("b", "718-7", 8), Booked(10, 30));
        Assert.Equal((StepState.Done, After(10), After(20), After(30), true), (In(booked, "booking").State, In(booked, "booking").Done, In(booked, "visit").Due, In(booked, "visit").Planned, In(booked, "visit").IsLate));
        // From when it was really done.
        var visited = Way(pathway, 31, Sent, Measured("b", "718-7", 8), Booked(10, 30, "fulfilled"), Visited(30));
        Assert.Equal((StepState.Done, StepState.Next, After(37), After(30), false), (In(visited, "visit").State, In(visited, "tissue").State, In(visited, "tissue").Due, In(visited, "tissue").Since, visited.IsLate));
        Assert.Equal([Doctor, Patient], In(visited, "tissue").WaitedForBy);
        var through = Way(pathway, 40, Sent, Measured("b", "718-7", 8), Booked(10, 30), Visited(30), Measured("t", "11526-1", 36));
        Assert.Equal(["talk"], through.Next.Select(step => step.Step.Id));
    }

    [Fact]
    public void What_was_measured_before_the_step_was_waited_for_does_not_answer_it_nor_what_lies_ahead_or_is_called_off_and_nothing_answers_two()
    {
        var twice = Definition(Action("first", "patient", $"{Days("timingDuration", 5)},{Result("718-7")}"),
            Action("second", "patient", $"\"relatedAction\":[{{\"actionId\":\"first\",\"relationship\":\"after\",\"offsetRange\":{{{Days("low", 7)},{Days("high", 14)}}}}}],{Result("718-7")}"));
        var pathway = Begin(twice, withReferral: false);
        string State(int today, params string[] resources) => string.Join(',', Way(pathway, today, resources).Steps.Select(step => step.State));
        Assert.Equal("Next,ToCome", State(3, Measured("old", "718-7", -1)));
        Assert.Equal("Next,ToCome", State(3, Measured("ahead", "718-7", 4), Measured("wrong", "1-1", 1), Measured("broken", "718-7", 1, "entered-in-error")));
        Assert.Equal("Done,Next", State(3, Measured("one", "718-7", 2)));
        Assert.Equal("Done,Next", State(8, Measured("one", "718-7", 2), Measured("soon", "718-7", 8))); // a week is to pass first
        Assert.Equal("Done,Done", State(9, Measured("one", "718-7", 2), Measured("two", "718-7", 9)));
    }

    [Fact]
    public void A_visit_and_its_kept_appointment_answer_one_step_and_what_leads_to_something_done_is_done()
    {
        var visits = Definition(Action("referral", "starter", $"""{Days("timingDuration", 2)},"output":[{Referral}]"""), Action("booking", "receiver", $$"""{{Related("referral", "after", 3)}},"output":[{"type":"Appointment"}]"""),
            Action("visit", "receiver", $$"""{{Related("booking", "after", 10)}},"output":[{"type":"Encounter"}]"""), Action("again", "receiver", $$"""{{Related("visit", "after", 10)}},"output":[{"type":"Encounter"}]"""));
        Assert.Equal([StepState.Done, StepState.Done, StepState.Done, StepState.Next], Way(Begin(visits), 9, Sent, Booked(1, 6, "fulfilled"), Visited(6)).Steps.Select(step => step.State));
        // Nobody wrote the appointment down: the visit was.
        var unbooked = Way(Begin(visits), 9, Sent, Visited(6));
        Assert.Equal((StepState.Done, null, After(16)), (In(unbooked, "booking").State, In(unbooked, "booking").Done, In(unbooked, "again").Due));
        // What was done for somebody else's referral answers nothing.
        Assert.Equal(StepState.Next, In(Way(Begin(visits), 9, Sent, Booked(1, 6, basedOn: "ServiceRequest/other")), "booking").State);
    }

    [Fact]
    public void Without_a_referral_the_starter_owns_what_the_receiver_will()
    {
        var pathway = Begin(withReferral: false);
        var way = Way(pathway, 0);
        Assert.Equal((StepState.Next, Doctor, Doctor), (In(way, "referral").State, In(way, "referral").Owner, In(way, "booking").Owner));
        var other = Sent.Replace("\"id\":\"r\"", "\"id\":\"r2\",\"basedOn\":[{\"reference\":\"CarePlan/plan\"}]", StringComparison.Ordinal);
        Assert.Equal((StepState.Done, Unit), (In(Way(pathway, 0, other), "referral").State, In(Way(pathway, 0, other), "booking").Owner));
        // A referral for something else is none of this pathway.
        Assert.Equal(StepState.Next, In(Way(pathway, 0, Sent), "referral").State);
    }

    [Fact]
    public void A_step_is_done_skipped_and_taken_back_by_hand_and_the_whole_is_ended_or_called_off()
    {
        var pathway = Begin();
        pathway.Skip("f1", Doctor, Step(pathway, "booking"), After(1), "By telephone", Now);
        pathway.Done("f2", Doctor, Step(pathway, "blood"), After(1), "118 g/L", Now);
        var way = Way(pathway, 2, Sent);
        Assert.Equal((StepState.Skipped, "By telephone", StepState.Done, After(1)), (In(way, "booking").State, In(way, "booking").Mark?.Text, In(way, "blood").State, In(way, "blood").Done));
        Assert.Equal(("visit", After(11)), (Assert.Single(way.Next).Step.Id, way.Next[0].Due));
        pathway.Reopen("f3", Doctor, Step(pathway, "booking"), "", Now);
        Assert.Equal(StepState.Next, In(Way(pathway, 2, Sent), "booking").State);
        Assert.True(pathway.Knows("f2") && !pathway.Knows("f9"));
        Assert.Equal(["start", "skip", "done", "reopen"], pathway.Events.Select(one => one.Act));
        pathway.CallOff("f4", Doctor, "Moved away", Now, After(90));
        var over = Way(Pathway.Of("plan", Encoding.UTF8.GetBytes(pathway.Plan.ToJsonString()))!, 200, Sent);
        Assert.Equal((false, false, 0, "revoked"), (over.IsOpen, over.IsLate, over.Next.Count, pathway.Status));
        // Another system wrote the status alone.
        var foreign = Begin();
        foreign.Plan["activity"]!.AsArray().Single(one => (string?)one!["id"] == "booking")!["detail"]!["status"] = "completed";
        Assert.Equal((StepState.Done, null), (In(Way(foreign, 2, Sent), "booking").State, In(Way(foreign, 2, Sent), "booking").Done));
    }

    [Fact]
    public void A_step_before_another_gives_way_to_it_and_only_what_it_hangs_on_itself_moves_the_other()
    {
        static int[] Due(int visit, int call) => [.. Read(Definition(Action("call", "starter", Days("timingDuration", call)), Action("visit", "starter", Days("timingDuration", visit)),
            Action("blood", "patient", $"\"relatedAction\":[{{\"actionId\":\"call\",\"relationship\":\"after\",{Days("offsetDuration", 14)}}},{{\"actionId\":\"visit\",\"relationship\":\"before\",{Days("offsetDuration", 2)}}}]"))).Steps is var steps
            ? ((string[])["call", "blood", "visit"]).Select(id => DueDates.Reckon(steps, Start, _ => null, Start)[id].DayNumber - Start.DayNumber) : []];
        Assert.Equal([3, 12, 14], Due(visit: 14, call: 3));
        Assert.Equal([3, 17, 30], Due(visit: 30, call: 3));
        Assert.Equal([20, 20, 20], Due(visit: 14, call: 20)); // there is no room before the visit: it moves
    }

    [Fact]
    public void What_is_left_out_takes_no_time_and_what_comes_after_it_waits_for_what_came_before()
    {
        var pathway = Begin();
        pathway.Skip("f1", Doctor, Step(pathway, "visit"), After(1), "Seen elsewhere", Now);
        var way = Way(pathway, 2, Sent);
        // The tissue waits for the time and the blood, which are not done.
        Assert.Equal((StepState.ToCome, "booking,blood"), (In(way, "tissue").State, string.Join(',', In(way, "tissue").After.Select(step => step.Id))));
        Assert.Equal([Patient], In(way, "booking").WaitedForBy); // of the unit, which has the tissue in hand, and the patient
        Assert.Equal(After(10), In(way, "tissue").Due);
        pathway.Done("f2", Doctor, Step(pathway, "booking"), After(4), "", Now);
        pathway.Done("f3", Doctor, Step(pathway, "blood"), After(6), "", Now);
        way = Way(pathway, 7, Sent, Measured("early", "11526-1", 5));
        Assert.Equal((StepState.Next, After(13), After(6)), (In(way, "tissue").State, In(way, "tissue").Due, In(way, "tissue").Since));
        Assert.Equal(StepState.Done, In(Way(pathway, 7, Sent, Measured("late", "11526-1", 7)), "tissue").State);
    }

    [Fact]
    public void A_template_that_is_not_understood_says_what_and_where()
    {
        Assert.Equal(["PlanDefinition.action[1].relatedAction"], Faults(Definition(Action("a", "patient", Days("timingDuration", 1)), Action("b", "patient", Related("c", "after", 1)))));
        Assert.Equal(["PlanDefinition.action.relatedAction"], Faults(Definition(Action("a", "patient", Related("b", "after", 1)), Action("b", "patient", Related("a", "after", 1)))));
        Assert.Equal(["PlanDefinition.action.relatedAction"], Faults(Definition(Action("a", "patient", Related("b", "before", 1)), Action("b", "patient", Related("a", "before", 1)))));
        Assert.Equal(["PlanDefinition.action.where(id='a')", "PlanDefinition.action.where(id='b')"], Faults(Definition(Action("a", "patient", Related("b", "before", 1)), Action("b", "patient", "\"description\":\"x\""))));
        Assert.Equal(["PlanDefinition.action[0].participant"], Faults(Definition("""{"id":"a","title":"A","timingDuration":{"value":1,"code":"d"}}""")));
        foreach (var (more, where) in ((string, string)[])
        [
            ("\"condition\":[{\"kind\":\"start\"}]", "condition"), ("\"action\":[{\"id\":\"x\"}]", "action"), ("\"requiredBehavior\":\"could\"", "requiredBehavior"), ("\"timingDuration\":{\"value\":1.5,\"code\":\"d\"}", "timingDuration"),
            ("\"timingDuration\":{\"value\":1,\"code\":\"h\"}", "timingDuration"), ("\"timingDuration\":{\"value\":99999,\"code\":\"d\"}", "timingDuration"), ("\"output\":[{\"type\":\"Basic\"}]", "output.type"), ("\"output\":[{\"type\":\"QuestionnaireResponse\"}]", "definitionCanonical"),
            ("\"output\":[{\"type\":\"Observation\",\"codeFilter\":[{\"path\":\"method\",\"code\":[{\"code\":\"x\"}]}]}]", "output.codeFilter[0].path"), ("\"timingTiming\":{}", "timingTiming"),
        ])
            Assert.Equal([$"PlanDefinition.action[0].{where}"], Faults(Definition(Action("a", "patient", more.StartsWith("\"timing", StringComparison.Ordinal) ? more : $"{Days("timingDuration", 1)},{more}"))));
        Assert.Equal(["PlanDefinition.action"], Faults(Definition([.. Enumerable.Range(0, PathwayTemplate.MostSteps + 1).Select(i => Action($"a{i}", "patient", Days("timingDuration", 1)))])));
        Assert.Contains("PlanDefinition.title", Faults("""{"resourceType":"PlanDefinition"}"""));
    }

    /// <summary>Steps of which each may hang on earlier ones; whether an edge says after or before is drawn too.</summary>
    static readonly Gen<PathwayStep[]> Graphs = Gen.Int[2, 12].SelectMany(n => Gen.Select(Gen.Int[0, 4].Array[n * n], Gen.Int[0, 40].Array[n * n], Gen.Int[0, 60].Array[n], (kinds, days, starts) =>
    {
        var relations = Enumerable.Range(0, n).Select(_ => new List<StepRelation>()).ToArray();
        for (var later = 0; later < n; later++)
            for (var earlier = 0; earlier < later; earlier++)
                if (kinds[later * n + earlier] == 0) relations[later].Add(new($"s{earlier}", IsBefore: false, new(days[later * n + earlier])));
                else if (kinds[later * n + earlier] == 1) relations[earlier].Add(new($"s{later}", IsBefore: true, new(days[later * n + earlier])));
        return relations.Select((of, i) => new PathwayStep($"s{i}", $"S{i}", null, OwnerKind.Patient, null, null, new(AnswerKind.Hand), new Care.Pathways.Span(starts[i]), of)).ToArray();
    }));

    static IEnumerable<(string Before, string After, StepRelation Relation)> Edges(IReadOnlyList<PathwayStep> steps) => steps.SelectMany(step => step.Relations.Select(one => one.IsBefore ? (step.Id, one.Step, one) : (one.Step, step.Id, one)));

    [Fact]
    public void No_step_is_due_before_what_it_hangs_on_whatever_was_done_when()
    {
        Gen.Select(Graphs, Gen.Int[-1, 90].Array[12], Gen.Int[0, 120], Gen.Shuffle(Enumerable.Range(0, 12).ToArray())).Sample((graph, done, today, places) =>
        {
            // In any order they may stand in the template.
            var steps = DueDates.Ordered([.. graph.OrderBy(step => places[int.Parse(step.Id[1..], System.Globalization.CultureInfo.InvariantCulture)])])!;
            var at = steps.Select((step, i) => (step.Id, i)).ToDictionary(one => one.Id, one => one.i);
            Assert.All(Edges(steps), edge => Assert.True(at[edge.Before] < at[edge.After]));
            DateOnly? Done(PathwayStep step) => done[at[step.Id]] is >= 0 and var day && at[step.Id] % 3 != 0 ? After(day) : null;
            var due = DueDates.Reckon(steps, Start, Done, After(today));
            Assert.Equal(steps.Count, due.Count);
            DateOnly Base(string id) => Done(steps[at[id]]) ?? (due[id] < After(today) ? After(today) : due[id]);
            foreach (var (before, after, relation) in Edges(steps))
            {
                Assert.True(due[after] >= Base(before), $"{after} is due on {due[after]}, {before} on {Base(before)}");
                // So long after the last of those it comes after, where it is not to be done before something else.
                if (!relation.IsBefore && !steps[at[after]].Relations.Any(one => one.IsBefore)) Assert.True(due[after] >= relation.Offset.After(Base(before)));
            }
            foreach (var step in steps.Where(step => !step.Relations.Any(one => one.IsBefore)))
            {
                var latest = step.Relations.Select(one => one.Offset.After(Base(one.Step))).Append(step.FromStart!.Value.After(Start)).Concat(Edges(steps).Where(edge => edge.After == step.Id).Select(edge => Base(edge.Before))).Max();
                Assert.Equal(latest, due[step.Id]); // and no later than that
            }
        }, iter: 2000, threads: 1);
    }

    [Fact]
    public void A_graph_with_a_circle_has_no_order()
    {
        // Some steps one after the other, and the first after the last; whether each says so itself or the other does is drawn.
        Gen.Select(Graphs, Gen.Int[0, 10], Gen.Int[0, 10], Gen.Bool.Array[12]).Sample((graph, from, more, isBefore) =>
        {
            var circle = graph.Skip(from % (graph.Length - 1)).Take(2 + more).Select(step => step.Id).ToList();
            var relations = graph.ToDictionary(step => step.Id, step => step.Relations.ToList());
            for (var i = 0; i < circle.Count; i++)
            {
                var (one, next) = (circle[i], circle[(i + 1) % circle.Count]);
                if (isBefore[i]) relations[one].Add(new(next, IsBefore: true, new(1)));
                else relations[next].Add(new(one, IsBefore: false, new(1)));
            }
            Assert.Null(DueDates.Ordered([.. graph.Select(step => step with { Relations = relations[step.Id] })]));
        }, iter: 500, threads: 1);
    }

    [Fact]
    public void Whatever_stands_in_a_template_or_a_plan_it_is_read_or_refused_and_never_fails()
    {
        var plan = Begin();
        plan.Done("f1", Doctor, Step(plan, "blood"), After(1), "", Now);
        var stored = plan.Plan.ToJsonString();
        // A plan is stored as valid FHIR: what should be a text is one.
        string[] texts = ["", "9999-12-31", "0001-01-01", "done", "x|y", "completed", "blood", "#template"];
        Gen.Select(Gen.Bool, Gen.Int[0, 10_000], Gen.Int[0, 8], Gen.Int[0, 10_000]).Sample((isPlan, place, how, other) =>
        {
            var json = JsonNode.Parse(isPlan ? stored : Bowel)!;
            var nodes = All(json).Where(node => node.Parent is not null && (!isPlan || node.GetValueKind() == JsonValueKind.String)).ToList();
            var (node, source) = (nodes[place % nodes.Count], nodes[other % nodes.Count]);
            if (isPlan && how == 0 && node.Parent is JsonObject of) of.Remove(node.GetPropertyName());
            else node.ReplaceWith(isPlan ? JsonValue.Create(how < 5 ? texts[other % texts.Length] : (string?)source) : how switch { 0 => null, 1 => JsonValue.Create(-1), 2 => JsonValue.Create(""), 3 => new JsonArray(), 4 => new JsonObject(), 5 => JsonValue.Create(true), 6 => JsonValue.Create(texts[other % texts.Length]), _ => source.DeepClone() });
            var text = json.ToJsonString();
            if (!isPlan) PathwayTemplate.Read("t", Json(text), out _);
            else if (Pathway.Of("plan", Encoding.UTF8.GetBytes(text)) is { } read) Assert.NotEmpty(PathwayWay.Of(read, Evidences(Sent, Booked(1, 6), Visited(6)), After(9)).Steps);
        }, iter: 3000, threads: 1);

        static IEnumerable<JsonNode> All(JsonNode? node) => node switch
        {
            JsonObject members => members.Select(member => member.Value).SelectMany(All).Prepend(node),
            JsonArray items => items.SelectMany(All).Prepend(node),
            null => [],
            _ => [node],
        };
    }
}
