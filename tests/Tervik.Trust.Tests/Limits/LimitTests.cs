using System.Net;
using Microsoft.AspNetCore.Http;
using Tervik.Records.Search;
using Tervik.Storage;
using Tervik.Trust.AuditLog;
using Tervik.Trust.Identity;
using Tervik.Trust.Limits;
using Tervik.Trust.Relations;
using Tervik.Trust.Snooping;
using Tervik.Trust.Tests.Relations;

namespace Tervik.Trust.Tests.Limits;

public sealed class LimitTests
{
    static readonly LimitSettings Small = new() { PatientsPerHour = 5, PatientsPerHourInEmergency = 8, PatientsPerHourOfProgram = 12, RequestsOfAccount = 1, RequestsOfApplication = 2, RequestsOfAddress = 3, SignInsOfAddress = 4 };
    static readonly Principal Doctor = Principal.Of("Practitioner/doctor", Scope.Read);
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    sealed class Place(House house) : IAsyncDisposable
    {
        public House House => house;
        public AccessLog Log { get; } = new(house.Trust, house.Store.Keys, house.Clock);
        public StaffRegister Staff => house.Register;
        public Alerts Alerts => new(house.Trust, Staff, house.Clock);
        public PatientLimit Limit() => new(Small, Staff, Log, Alerts, house.Clock);

        public async ValueTask DisposeAsync()
        {
            await Log.DisposeAsync();
            await house.DisposeAsync();
        }
    }

    static async Task<int> Taken(PatientLimit limit, Principal principal, int from, int count)
    {
        for (var i = 0; i < count; i++)
            if (await limit.Take(principal, [from + i], mayRefuse: true, Stop) is not null) return i;
        return count;
    }

    [Fact]
    public async Task An_account_sees_so_many_different_patients_in_an_hour_and_those_it_knows_stay_open()
    {
        await using var place = new Place(await House.Open(Engine.Sqlite));
        var limit = place.Limit();
        Assert.Equal(5, await Taken(limit, Doctor, 1, 10));
        Assert.Null(await limit.Take(Doctor, [1, 2, 3, 4, 5], mayRefuse: true, Stop));
        Assert.Equal(TimeSpan.FromHours(1), await limit.Take(Doctor, [1, 6], mayRefuse: true, Stop));
        Assert.Equal((TimeSpan.FromHours(1), null), (limit.FullFor(Doctor, [6]), limit.FullFor(Doctor, [5])));
        // Another account is another account; patients are not counted.
        Assert.Equal(5, await Taken(limit, Principal.Of("Practitioner/other", Scope.Read), 1, 10));
        Assert.Equal(20, await Taken(limit, Principal.Of("Patient/p", Scope.Read), 1, 20));
        // What was written is counted, and not refused.
        Assert.Null(await limit.Take(Doctor, [7], mayRefuse: false, Stop));
        place.House.Clock.Now += TimeSpan.FromMinutes(61);
        Assert.Equal(5, await Taken(limit, Doctor, 100, 10));
    }

    [Fact]
    public async Task A_page_with_more_patients_than_there_is_room_for_is_refused_whole()
    {
        await using var place = new Place(await House.Open(Engine.Sqlite));
        var limit = place.Limit();
        Assert.Null(await limit.Take(Doctor, [1, 2, 3], mayRefuse: true, Stop));
        place.House.Clock.Now += TimeSpan.FromMinutes(20);
        Assert.Null(await limit.Take(Doctor, [4], mayRefuse: true, Stop));
        Assert.Equal(TimeSpan.FromMinutes(40), await limit.Take(Doctor, [5, 6, 7], mayRefuse: true, Stop));
        Assert.Null(await limit.Take(Doctor, [5], mayRefuse: true, Stop));
    }

    [Fact]
    public async Task Emergency_care_and_programs_have_wider_limits()
    {
        await using var place = new Place(await House.Open(Engine.Sqlite));
        await place.House.Put("PractitionerRole", "r", "'active':true,'practitioner':{'reference':'Practitioner/doctor'},'organization':{'reference':'Organization/er'},'code':[{'coding':[{'system':'urn:tervik:role','code':'emergency'}]}]");
        Assert.Equal((8, 12), (await Taken(place.Limit(), Doctor, 1, 20), await Taken(place.Limit(), Principal.Of("client/laboratory", Scope.Read), 1, 20)));
    }

    [Theory, InlineData(Engine.Sqlite), InlineData(Engine.PostgreSql)]
    public async Task After_a_restart_the_log_says_what_was_seen_and_the_limit_is_an_alert_once_an_hour(Engine engine)
    {
        await using var place = new Place(await House.Open(engine));
        for (var i = 1; i <= 4; i++)
            await place.Log.Append(new("Practitioner/doctor", new("read", "Patient", $"{i}"), null, [new($"Patient/{i}", [i])], 200), AccessOrigin.Unknown, Stop);
        var limit = place.Limit();
        Assert.Equal(1, await Taken(limit, Doctor, 10, 10));
        Assert.NotNull(await limit.Take(Doctor, [20], mayRefuse: true, Stop));
        var alert = Assert.Single(await place.Alerts.All(null, 10, Stop));
        Assert.Equal((SnoopingRule.Limit, "Practitioner/doctor", 5), (alert.Rule, alert.Agent, alert.Patients));
    }

    static DefaultHttpContext Request(string address, string method = "GET", string path = "/fhir/Patient") =>
        new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) }, Request = { Method = method, Path = path } };

    [Fact]
    public void Accounts_applications_networks_and_sign_ins_are_counted_each_by_themselves()
    {
        using var limits = new RequestLimits(Small);
        int Until(Func<TimeSpan?> exceeds) => Enumerable.Range(0, 200).TakeWhile(_ => exceeds() is null).Count();
        // Tokens may come back while this runs: at least the burst, and an end.
        Assert.InRange(Until(() => limits.Exceeds(Doctor)), 20, 60);
        Assert.InRange(Until(() => limits.Exceeds(Principal.Of("client/laboratory", Scope.Read))), 40, 100);
        Assert.InRange(Until(() => limits.Exceeds(Request("192.0.2.1"))), 60, 150);
        Assert.Null(limits.Exceeds(Request("192.0.2.2")));
        Assert.InRange(Until(() => limits.Exceeds(Request("192.0.2.3", "POST", "/sign-in"))), 4, 10);
        Assert.Null(limits.Exceeds(Principal.Nobody));
    }

    [Theory, InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"), InlineData("::ffff:192.0.2.1", "192.0.2.1"), InlineData("192.0.2.1", "192.0.2.1")]
    public void A_network_of_IPv6_is_half_of_the_address(string address, string network) => Assert.Equal(IPAddress.Parse(network), Tervik.Records.Access.SecurityLog.NetworkOf(IPAddress.Parse(address)));
}
