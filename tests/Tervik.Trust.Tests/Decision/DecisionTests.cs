using System.Collections.Frozen;
using CsCheck;
using Tervik.Records;
using Tervik.Records.Access;
using Tervik.Trust.Decision;
using Tervik.Trust.Identity;
using Xunit;

namespace Tervik.Trust.Tests.Decision;

using Decision = Tervik.Trust.Decision.Decision;

public sealed class DecisionTests
{
    // The whole policy, written down a second time and by hand. R: needs the scope read, W: needs write, E: either of them, A: always, -: never.
    const string Expected = """
        interaction         type          nobody patient professional system
        capabilities        *             A      A       A            A
        sealed-log          *             A      A       A            A
        $bulk-publish       *             A      A       A            A
        read                Observation   -      R       R            R
        read                Patient       -      R       R            R
        read                Organization  -      R       R            R
        read                AuditEvent    -      R       R            R
        vread               Observation   -      R       R            R
        history-instance    Observation   -      R       R            R
        history-type        Observation   -      R       R            R
        history-system      *             -      R       R            R
        search-type         Patient       -      R       R            R
        search-type         Practitioner  -      R       R            R
        search-system       *             -      R       R            R
        search-compartment  Observation   -      R       R            R
        $everything         Patient       -      R       R            R
        $everything         Encounter     -      R       R            R
        $summary            Patient       -      R       R            R
        $lastn              Observation   -      R       R            R
        $meta               Observation   -      R       R            R
        $validate           Observation   -      R       R            E
        batch               *             -      R       R            E
        transaction         *             -      -       W            W
        create              Observation   -      -       W            W
        create              Encounter     -      -       W            W
        create              Patient       -      -       -            W
        create              Organization  -      -       -            W
        create              Practitioner  -      -       -            W
        create              ValueSet      -      -       -            W
        update              Observation   -      -       W            W
        update              Patient       -      -       W            W
        update              Location      -      -       -            W
        patch               Condition     -      -       W            W
        patch               Patient       -      -       W            W
        patch               Medication    -      -       -            W
        delete              Observation   -      -       W            W
        delete              Patient       -      -       -            W
        delete              PractitionerRole -   -       -            W
        $meta-add           Observation   -      -       W            W
        $meta-delete        Observation   -      -       W            W
        $meta-add           Questionnaire -      -       -            W
        $reindex            *             -      -       -            W
        create-own          Consent       -      W       -            -
        create-own          Task          -      W       -            -
        create-own          Observation   -      -       -            -
        create-own          Patient       -      -       -            -
        update-own          Patient       -      W       -            -
        update-own          Condition     -      -       -            -
        create-own          QuestionnaireResponse - W    -            -
        update-own          QuestionnaireResponse - W    -            -
        update              QuestionnaireResponse - -    W            W
        look-up             Patient       -      -       R            -
        look-up             Observation   -      -       -            -
        open-record         Patient       -      -       R            -
        review              *             -      -       R            -
        apps                *             -      R       R            -
        $find               Appointment   -      R       R            R
        $find               Patient       -      -       -            -
        $hold               Appointment   -      W       W            W
        $book               Appointment   -      W       W            W
        $book               Encounter     -      -       -            -
        block-time          Slot          -      -       W            -
        block-time          Schedule      -      -       -            -
        set-up-clinic       HealthcareService - -        W            -
        set-up-clinic       Schedule      -      -       W            -
        set-up-clinic       Device        -      -       W            -
        set-up-clinic       Practitioner  -      -       -            -
        set-up-clinic       Observation   -      -       -            -
        alerts              *             -      -       R            -
        alert-review        *             -      -       W            -
        $export             *             -      -       -            -
        $merge              Patient       -      -       -            -
        READ                Observation   -      -       -            -
        unheard-of          Observation   -      -       -            -
        """;

    static readonly PrincipalKind[] Kinds = [PrincipalKind.Nobody, PrincipalKind.Patient, PrincipalKind.Professional, PrincipalKind.System];

    public static TheoryData<string, string, PrincipalKind, string> Rows()
    {
        var rows = new TheoryData<string, string, PrincipalKind, string>();
        foreach (var line in Expected.Split('\n').Skip(1))
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var interaction, var type, .. var cells])
                for (var kind = 0; kind < Kinds.Length; kind++) rows.Add(interaction, type, Kinds[kind], cells[kind]);
        return rows;
    }

    [Theory, MemberData(nameof(Rows))]
    public void Each_caller_may_do_exactly_what_the_table_says(string interaction, string type, PrincipalKind kind, string expected)
    {
        foreach (var scope in (Scope[])[Scope.None, Scope.Read, Scope.Write, Scope.Read | Scope.Write])
        {
            var allowed = Decision.Refuse(new(kind, AgentOf(kind), scope), new(interaction, type == "*" ? null : type)) is null;
            Assert.Equal(expected switch
            {
                "A" => true,
                "R" => scope.HasFlag(Scope.Read),
                "W" => scope.HasFlag(Scope.Write),
                "E" => scope != Scope.None,
                _ => false,
            }, allowed);
        }
    }

    [Theory]
    // granted scopes; what is asked; whether it is allowed
    [InlineData("Observation.rs", "read Observation", true), InlineData("Observation.rs", "search-type Observation", true), InlineData("Observation.rs", "read Condition", false), InlineData("Observation.rs", "create Observation", false)]
    [InlineData("Observation.r", "search-type Observation", false), InlineData("Observation.s", "read Observation", false), InlineData("Observation.s", "history-type Observation", true), InlineData("Observation.r", "history-instance Observation", true)]
    [InlineData("*.cruds", "delete Observation", true), InlineData("*.rs", "$everything Patient", true), InlineData("*.r", "$everything Patient", false), InlineData("Observation.rs", "search-system", true)]
    [InlineData("Observation.c", "create Observation", true), InlineData("Observation.u", "patch Observation", true), InlineData("Observation.u", "create Observation", false), InlineData("Observation.cu?", "create Observation", false)]
    [InlineData("Observation.rs?", "read Observation", true), InlineData("", "read Observation", false), InlineData("", "capabilities", true), InlineData("Observation.rs", "batch", true), InlineData("Observation.rs", "unheard-of Observation", false)]
    public void An_application_may_do_what_its_scopes_spell(string granted, string asked, bool isAllowed)
    {
        var scopes = granted.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text =>
        {
            var (type, letters) = (text.Split('.')[0], text.Split('.')[1]);
            return new SmartScope(type, letters.TrimEnd('?').Select(letter => letter switch { 'c' => SmartActions.Create, 'r' => SmartActions.Read, 'u' => SmartActions.Update, 'd' => SmartActions.Delete, _ => SmartActions.Search }).Aggregate((a, b) => a | b),
                letters.EndsWith('?') ? [new("category", "laboratory")] : []);
        }).ToList();
        var principal = new Principal(PrincipalKind.System, "client/app", Scope.Read | Scope.Write) { Client = "app", Granted = scopes };
        Assert.Equal(isAllowed, Decision.Refuse(principal, asked.Split(' ') is [var name, var type] ? new(name, type) : new(asked, null)) is null);
        // Never more than without scopes.
        if (isAllowed) Assert.Null(Decision.Refuse(principal with { Granted = null }, asked.Split(' ') is [var same, var its] ? new(same, its) : new(asked, null)));
    }

    [Fact]
    public void Every_row_of_the_policy_is_in_the_expected_table()
    {
        var written = Rows().Select(row => (Kind: row.Data.Item3, Interaction: row.Data.Item1)).ToHashSet();
        var missing = Policy.Rules.SelectMany(rule => rule.Interactions.Select(name => (rule.Who, name))).Where(row => !written.Contains(row));
        Assert.Empty(missing);
    }

    [Fact]
    public void Nobody_is_asked_to_sign_in_and_a_bad_token_is_named()
    {
        var nobody = Decision.Refuse(Principal.Nobody, new("read", "Patient", "1"));
        Assert.Equal((FaultKind.Unauthenticated, "login"), (nobody!.Kind, nobody.Code));
        Assert.Contains("token is unknown", Decision.Refuse(Principal.Refused, new("read", "Patient", "1"))!.What);
        Assert.Equal(FaultKind.Forbidden, Decision.Refuse(new(PrincipalKind.Patient, "Patient/1", Scope.Read), new("create", "Observation"))!.Kind);
    }

    [Fact]
    public void A_refused_caller_sees_nothing()
    {
        var own = new AccessFilter { Compartments = [5], OpenTypes = Policy.Directory };
        var decided = Decision.Decide(new(PrincipalKind.Patient, "Patient/1", Scope.Read), new("delete", "Observation", "1"), own);
        Assert.NotNull(decided.Refusal);
        Assert.Same(AccessFilter.Nothing, decided.Filter);
        Assert.Same(own, Decision.Decide(new(PrincipalKind.Patient, "Patient/1", Scope.Read), new("read", "Observation", "1"), own).Filter);
    }

    [Fact]
    public void A_professional_writes_only_where_every_patient_concerned_is_theirs() =>
        Gen.Select(Gen.Long[1, 9].Array[0, 4], Gen.Long[1, 9].Array[0, 4]).Sample((own, concerned) =>
        {
            var filter = new AccessFilter { Compartments = [.. own.Distinct().Order()], OpenTypes = Policy.Directory };
            var permission = Decision.Decide(new(PrincipalKind.Professional, "Practitioner/7", Scope.Read | Scope.Write), new("transaction", null), filter);
            var refusal = Decision.RefuseWrite(permission, new("create", "Observation"), concerned);
            return (refusal is null) == (concerned.Length > 0 && concerned.All(own.Contains));
        });

    [Fact]
    public void A_write_inside_a_permitted_bundle_is_decided_again()
    {
        var filter = new AccessFilter { Compartments = [5], OpenTypes = Policy.Directory };
        var professional = Decision.Decide(new(PrincipalKind.Professional, "Practitioner/7", Scope.Read | Scope.Write), new("transaction", null), filter);
        Assert.Null(Decision.RefuseWrite(professional, new("update", "Patient", "1"), [5]));
        Assert.NotNull(Decision.RefuseWrite(professional, new("create", "Patient"), [5]));
        Assert.NotNull(Decision.RefuseWrite(professional, new("update", "Organization", "1"), []));
        var reader = Decision.Decide(new(PrincipalKind.System, "client/reader", Scope.Read), new("batch", null), AccessFilter.Everything);
        Assert.NotNull(Decision.RefuseWrite(reader, new("create", "Observation"), [5]));
        var writer = Decision.Decide(new(PrincipalKind.System, "client/writer", Scope.Write), new("transaction", null), AccessFilter.Everything);
        Assert.Null(Decision.RefuseWrite(writer, new("create", "Organization"), []));
    }

    [Fact]
    public void Types_that_can_concern_a_patient_are_not_in_the_directory()
    {
        string[] ofPatients = ["Patient", "Observation", "Group", "List", "Device", "Binary", "DocumentReference", "Bundle", "Composition", "Communication", "Task",
            "AuditEvent", "Provenance", "Consent", "Subscription", "Person", "RelatedPerson", "Coverage", "Account", "Basic", "Media", "Parameters"];
        Assert.All(ofPatients, type => Assert.False(Policy.Directory.Contains(type), type));
    }

    static string? AgentOf(PrincipalKind kind) => kind switch
    {
        PrincipalKind.Patient => "Patient/1",
        PrincipalKind.Professional => "Practitioner/7",
        PrincipalKind.System => "client/x",
        _ => null,
    };
}
