using System.Diagnostics;

namespace Tervik.Authz;

/// <summary>How well the time of an answer tells whether something is hidden.</summary>
/// <param name="Route">What was asked.</param>
/// <param name="Auc">That a random answer of the node with the hidden parts takes longer than one of the node without: 0.5 tells nothing.</param>
/// <param name="WithMs">Median of the node with the hidden parts.</param>
/// <param name="WithoutMs">Median of the other.</param>
public sealed record RouteTiming(string Route, double Auc, double WithMs, double WithoutMs)
{
    /// <summary>0.5 to 1, whichever of the two is slower.</summary>
    public double Telling => Math.Max(Auc, 1 - Auc);
}

/// <summary>Times the same requests on two nodes, in turn.</summary>
public static class Timing
{
    // Rounds until the code of both nodes is compiled for speed: one has answered more than the other before.
    const int WarmUp = 400;

    /// <summary>The main routes, each about something that is hidden from the general practitioner; the last about nothing hidden: what it gives is the noise between two nodes.</summary>
    public static IReadOnlyList<(string Path, string? Body)> Routes(Probe with, Probe without)
    {
        var (gp, there) = (with.As("Practitioner/gp"), without.World.Items.Select(item => item.Reference).ToHashSet());
        var condition = with.HiddenParts(gp, "Condition").First(item => !there.Contains(item.Reference));
        var prescription = with.HiddenParts(gp, "MedicationRequest").First(item => !there.Contains(item.Reference));
        var (patient, code) = (condition.Id[..3], condition.Latest!["code"]!["coding"]![0]!["code"]!);
        var closed = with.World.Items.First(item => item.Type == "Patient" && !there.Contains(item.Reference)).Id;
        return
        [
            ($"Condition/{condition.Id}", null), ($"MedicationRequest/{prescription.Id}", null), ($"Patient/{closed}", null), ($"Condition/{condition.Id}/_history/1", null), ($"Condition/{condition.Id}/_history", null),
            ($"Condition?_id={condition.Id}", null), ($"Condition?patient={patient}", null), ($"Condition?patient={patient}&_summary=count", null), ($"Condition?code={code}", null), ($"MedicationRequest?patient={patient}&_sort=-_lastUpdated", null),
            ($"Patient?_has:Condition:patient:code={code}", null), ($"Observation?patient._has:Condition:patient:_id={condition.Id}", null), ($"Patient?_id={patient}&_revinclude=*", null), ($"Patient/{patient}/$everything", null), ($"Patient/{patient}/$summary", null),
            ($"Patient/{patient}/Condition", null), ("", $$$"""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Condition/{{{condition.Id}}}"}}]}"""),
            ($"/patients/{patient}", null), ($"/patients/{closed}", null), ($"/patients/{patient}/entry/Condition/{condition.Id}", null),
            ("Organization/hospital", null),
        ];
    }

    /// <summary>Asks for all routes so many times over, so that what happens on the machine meets all of them.</summary>
    public static async Task<List<RouteTiming>> Measure(Probe with, Probe without, int pairs)
    {
        var routes = Routes(with, without);
        var times = routes.Select(_ => (First: new double[pairs], Second: new double[pairs])).ToList();
        for (var round = -WarmUp; round < pairs; round++)
            for (var route = 0; route < routes.Count; route++)
            {
                // Each goes first as often as the other.
                var (path, body) = routes[route];
                var isOurs = round % 2 == 0;
                var one = await Time(isOurs ? with : without, path, body);
                var other = await Time(isOurs ? without : with, path, body);
                if (round >= 0) (times[route].First[round], times[route].Second[round]) = isOurs ? (one, other) : (other, one);
            }
        var measured = new List<RouteTiming>();
        foreach (var ((path, _), (first, second)) in routes.Zip(times))
        {
            Array.Sort(first);
            Array.Sort(second);
            measured.Add(new(path.Length == 0 ? "batch" : path, Auc(first, second), first[pairs / 2], second[pairs / 2]));
        }
        return measured;
    }

    static async Task<double> Time(Probe at, string path, string? body)
    {
        var began = Stopwatch.GetTimestamp();
        await at.Ask(at.As("Practitioner/gp"), path, body is null ? "GET" : "POST", body);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    /// <summary>Share of the pairs of one of each in which the first is greater; equal ones count half. Both sorted.</summary>
    public static double Auc(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        double greater = 0;
        int below = 0, upTo = 0;
        foreach (var value in first)
        {
            while (below < second.Length && second[below] < value) below++;
            upTo = Math.Max(upTo, below);
            while (upTo < second.Length && second[upTo] <= value) upTo++;
            greater += below + (upTo - below) / 2.0;
        }
        return greater / ((double)first.Length * second.Length);
    }
}
