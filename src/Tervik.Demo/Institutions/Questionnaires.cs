using Tervik.Demo.Writing;

namespace Tervik.Demo.Institutions;

/// <summary>What practices and outpatient clinics ask before a visit (docs/questionnaires.md).</summary>
static class Questionnaires
{
    const string Codes = "urn:tervik:demo:answer", Extensions = "http://hl7.org/fhir/StructureDefinition/";

    /// <summary>Logical ids.</summary>
    public const string General = "before-family-doctor", Heart = "before-cardiology", Lungs = "before-lungs";

    /// <summary>One item. Conditions: the linkId of another and its answer, a code or yes.</summary>
    sealed record Ask(string Link, string Type, string Text)
    {
        public bool IsRequired { get; init; }
        public bool Repeats { get; init; }
        public (string Code, string Words)[] Options { get; init; } = [];
        public (string Link, string? Code)? When { get; init; }
        public (int Least, int Most)? Between { get; init; }
        public (string Ucum, string Words)? Unit { get; init; }
        public string? Prefill { get; init; }
        public Ask[] Items { get; init; } = [];
    }

    static readonly (string, string)[] HowOften = [("never", "Never"), ("sometimes", "Sometimes"), ("daily", "Every day")];

    static Ask Smoking(string section) => new(section, "group", "Tobacco")
    {
        Items =
        [
            new($"{section}-smokes", "choice", "Do you smoke?") { IsRequired = true, Options = [("never", "I never did"), ("former", "I stopped"), ("now", "Yes")] },
            new($"{section}-how-many", "integer", "How many cigarettes a day?") { When = ($"{section}-smokes", "now"), Between = (0, 100) },
            new($"{section}-stopped", "date", "When did you stop?") { When = ($"{section}-smokes", "former") },
        ],
    };

    public static void Write(ResourceWriter w)
    {
        Write(w, General, "Before your visit to the family doctor", "It takes five minutes. Your doctor reads it before you come, so that there is more time for what matters to you.",
            new("reason", "text", "What do you want help with?") { IsRequired = true },
            new("since", "choice", "How long has it been so?") { Options = [("days", "A few days"), ("weeks", "A few weeks"), ("months", "Months or longer")] },
            new("pain", "boolean", "Does anything hurt?") { IsRequired = true },
            new("pain-where", "open-choice", "Where?") { When = ("pain", null), Repeats = true, Options = [("head", "Head"), ("chest", "Chest"), ("belly", "Belly"), ("back", "Back"), ("joints", "Joints")] },
            new("pain-how-much", "integer", "How much, from 0 (not at all) to 10 (as much as you can imagine)?") { When = ("pain", null), Between = (0, 10) },
            new("medicines", "text", "Which medicines do you take, also those without a prescription?") { Prefill = "medication" },
            new("allergies", "text", "What do you not tolerate?") { Prefill = "allergies" },
            Smoking("tobacco"),
            new("phone", "string", "On which number can the practice reach you?") { Prefill = "phone" });
        Write(w, Heart, "Before your visit to the heart clinic", "Please measure your blood pressure on three days, if you can.",
            new("breath", "choice", "When are you short of breath?") { IsRequired = true, Options = [("never", "Never"), ("stairs", "On stairs"), ("walking", "Walking on the flat"), ("rest", "At rest")] },
            new("breath-night", "boolean", "Do you wake up at night because of it?") { When = ("breath", "rest") },
            new("swollen", "boolean", "Are your ankles swollen in the evening?") { IsRequired = true },
            new("weight", "quantity", "What do you weigh?") { Unit = ("kg", "kg"), Between = (2, 400) },
            new("pressure", "group", "Blood pressure at home")
            {
                Repeats = true,
                Items = [new("pressure-at", "dateTime", "When?"), new("pressure-upper", "integer", "Upper value") { Between = (50, 300) }, new("pressure-lower", "integer", "Lower value") { Between = (20, 200) }],
            },
            Smoking("tobacco"));
        Write(w, Lungs, "Before your visit to the lung clinic", "Please answer for the last four weeks.",
            new("cough", "choice", "How often do you cough?") { IsRequired = true, Options = HowOften },
            new("cough-blood", "boolean", "Was there blood in what you coughed up?") { When = ("cough", "daily"), IsRequired = true },
            new("wheeze", "choice", "How often do you wheeze?") { Options = HowOften },
            new("work", "text", "Which work did you do that was dusty?"),
            Smoking("tobacco"));
    }

    static void Write(ResourceWriter w, string id, string title, string description, params ReadOnlySpan<Ask> items)
    {
        using var _ = w.Resource("Questionnaire", id);
        w.Text("url", $"urn:tervik:demo:questionnaire:{id}");
        w.Text("version", "1");
        w.Text("title", title);
        w.Text("status", "active");
        w.Texts("subjectType", "Patient");
        w.Text("description", description);
        Write(w, items);
    }

    static void Write(ResourceWriter w, ReadOnlySpan<Ask> items)
    {
        using var list = w.List("item");
        foreach (var item in items)
        {
            using var one = w.Item();
            if (item.Between is not null || item.Unit is not null || item.Prefill is not null)
                using (w.List("extension"))
                {
                    if (item.Unit is var (ucum, words))
                        using (w.Item())
                        {
                            w.Text("url", Extensions + "questionnaire-unit");
                            w.Coding("valueCoding", new Term("http://unitsofmeasure.org", ucum, words));
                        }
                    if (item.Between is var (least, most))
                        foreach (var (name, value) in ((string, int)[])[("minValue", least), ("maxValue", most)])
                            using (w.Item())
                            {
                                w.Text("url", Extensions + name);
                                w.Number("valueInteger", value);
                            }
                    if (item.Prefill is { } prefill)
                        using (w.Item())
                        {
                            w.Text("url", "urn:tervik:prefill");
                            w.Text("valueCode", prefill);
                        }
                }
            w.Text("linkId", item.Link);
            w.Text("text", item.Text);
            w.Text("type", item.Type);
            if (item.When is var (question, code))
                using (w.One("enableWhen"))
                {
                    w.Text("question", question);
                    w.Text("operator", "=");
                    if (code is null) w.Flag("answerBoolean", true);
                    else
                        using (w.Object("answerCoding"))
                        {
                            w.Text("system", Codes);
                            w.Text("code", code);
                        }
                }
            if (item.IsRequired) w.Flag("required", true);
            if (item.Repeats) w.Flag("repeats", true);
            if (item.Options.Length > 0)
                using (w.List("answerOption"))
                    foreach (var (option, words) in item.Options)
                        using (w.Item()) w.Coding("valueCoding", new Term(Codes, option, words));
            if (item.Items.Length > 0) Write(w, item.Items);
        }
    }
}
