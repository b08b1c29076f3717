namespace Tervik.EndToEnd.Care;

/// <summary>A clinic of a test's own: two doctors, one room and one device, open from eight to noon every day.</summary>
static class TestClinic
{
    /// <summary>Puts people, calendars and services: ID-visit (a doctor, for patients), ID-scan (a doctor, the room and the device, with a referral), ID-staff (by staff alone), ID-group (three at a time).</summary>
    public static async Task Make(Node node, string id)
    {
        static string Calendar(string actor, string name, string more = "") =>
            $$$"""{"resourceType":"Schedule","id":"{{{actor.Split('/')[1]}}}","active":true,"actor":[{"reference":"{{{actor}}}","display":"{{{name}}}"}],"extension":[{{{more}}}{"url":"urn:tervik:opening","extension":[{"url":"zone","valueCode":"Europe/Copenhagen"},{"url":"start","valueString":"2026-01-01T08:00"},{"url":"minutes","valuePositiveInt":240},{"url":"rule","valueString":"FREQ=DAILY"}]}]}""";
        string Service(string what, int minutes, string by, string needs, string more = "") =>
            $$$"""{"resourceType":"HealthcareService","id":"{{{id}}}-{{{what}}}","active":true,"name":"{{{what}}} at {{{id}}}","type":[{"coding":[{"system":"urn:test","code":"{{{id}}}-{{{what}}}"}],"text":"{{{what}}}"}],"location":[{"reference":"Location/{{{id}}}-house","display":"The house"}],"extraDetails":"Come fasting.","extension":[{"url":"urn:tervik:bookable","extension":[{"url":"minutes","valuePositiveInt":{{{minutes}}}},{"url":"by","valueCode":"{{{by}}}"}{{{more}}},{{{needs}}}]}]}""";
        string Need(params string[] calendars) => $$"""{"url":"need","extension":[{{string.Join(',', calendars.Select(calendar => $$$"""{"url":"calendar","valueReference":{"reference":"Schedule/{{{id}}}-{{{calendar}}}"}}"""))}}]}""";
        await TestPatient.Put(node, $"Practitioner/{id}-anna", $$"""{"resourceType":"Practitioner","id":"{{id}}-anna","name":[{"family":"Anna"}]}""");
        await TestPatient.Put(node, $"Practitioner/{id}-bo", $$"""{"resourceType":"Practitioner","id":"{{id}}-bo","name":[{"family":"Bo"}]}""");
        await TestPatient.Put(node, $"Location/{id}-house", $$"""{"resourceType":"Location","id":"{{id}}-house","status":"active","name":"The house"}""");
        await TestPatient.Put(node, $"Location/{id}-room", $$"""{"resourceType":"Location","id":"{{id}}-room","status":"active","name":"Room 1"}""");
        await TestPatient.Put(node, $"Device/{id}-scanner", $$"""{"resourceType":"Device","id":"{{id}}-scanner","status":"active"}""");
        await TestPatient.Put(node, $"Schedule/{id}-anna", Calendar($"Practitioner/{id}-anna", "Anna"));
        await TestPatient.Put(node, $"Schedule/{id}-bo", Calendar($"Practitioner/{id}-bo", "Bo"));
        await TestPatient.Put(node, $"Schedule/{id}-room", Calendar($"Location/{id}-room", "Room 1", """{"url":"urn:tervik:capacity","valuePositiveInt":3},"""));
        await TestPatient.Put(node, $"Schedule/{id}-scanner", Calendar($"Device/{id}-scanner", "Scanner"));
        await TestPatient.Put(node, $"HealthcareService/{id}-visit", Service("visit", 20, "patient", Need("anna", "bo")));
        await TestPatient.Put(node, $"HealthcareService/{id}-scan", Service("scan", 30, "referral", $"{Need("anna", "bo")},{Need("room")},{Need("scanner")}", """,{"url":"before","valueUnsignedInt":5},{"url":"after","valueUnsignedInt":10},{"url":"step","valuePositiveInt":15}"""));
        await TestPatient.Put(node, $"HealthcareService/{id}-staff", Service("staff", 30, "staff", Need("anna")));
        await TestPatient.Put(node, $"HealthcareService/{id}-group", Service("group", 60, "patient", Need("room")));
    }
}
