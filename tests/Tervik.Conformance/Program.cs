using Tervik.Conformance;

if (args is not [var folder] || folder is "--help" or "-h")
{
    Console.WriteLine("./tervik conformance DIR   runs every suite whose files lie below DIR, and says what differs from the list of known failures");
    return args is ["--help" or "-h"] ? 0 : 64;
}
if (!Directory.Exists(folder))
{
    Console.Error.WriteLine($"{folder} does not exist.");
    return 1;
}
var isAsKnown = true;
Console.WriteLine($"{"suite",-24}{"passed",8}{"of",8}{"known",8}{"new",8}");
foreach (var suite in Suite.All)
{
    if (suite.Find(folder) is not { } found)
    {
        Console.WriteLine($"{suite.Name,-24}  not in {folder}");
        continue;
    }
    var result = suite.Run(found);
    Console.WriteLine($"{suite.Name,-24}{result.Passed,8}{result.Total,8}{result.Known,8}{result.New.Count,8}");
    foreach (var failure in result.New.Take(200)) Console.WriteLine($"  new failure: {failure.Name}: {failure.Failure}");
    foreach (var name in result.Mended) Console.WriteLine($"  passes now, take it off the list: {name}");
    isAsKnown &= result.New.Count == 0 && result.Mended.Count == 0;
}
foreach (var other in Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal))
    if (other != "LICENSES" && !Suite.All.Any(suite => suite.Place.Split('/')[0] == other))
        Console.WriteLine($"{other,-24}{Directory.EnumerateFiles(Path.Combine(folder, other), "*", SearchOption.AllDirectories).Count(),8} files: not run, there is no suite for it yet");
return isAsKnown ? 0 : 2;
