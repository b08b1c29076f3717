using System.Globalization;
using Tervik.Demo;
using Tervik.Demo.Personas;
using Tervik.Demonstration;
using Tervik.DemoPortal;

namespace Tervik.Serving;

sealed partial record DemoParts
{
    static partial void Join(ref DemoParts? found) => found = new(DemoCommand.Create, services => services.AddDemonstration(), app => app.MapDemonstration(), LoadNation, SayWhom);

    static async Task LoadNation(Settings settings, Installation installation, CancellationToken stop)
    {
        Console.WriteLine("Loading the demo nation …");
        var nation = new Nation(Nation.DefaultSeed, DateOnly.FromDateTime(TimeProvider.System.GetLocalNow().DateTime));
        var result = await new NationLoader(nation, installation.Store).Load(settings.DemoPatients, (_, _) => { }, stop);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Demo nation: {result.Written} resources in {result.Time.TotalSeconds:0.0} s"));
    }

    static void SayWhom()
    {
        Console.WriteLine($"  Sign in as a patient:      {Personas.All.First(one => !one.IsProfessional).Name}");
        Console.WriteLine($"  Sign in as a professional: {Personas.All.First(one => one.IsProfessional).Name}");
    }
}
