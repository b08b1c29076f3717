using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Tervik.DemoEid;

var folder = new Option<string>("--data") { Description = "folder of the secret", DefaultValueFactory = _ => "data" };
var listen = new Option<string>("--listen") { Description = "address it is served at; loopback only", DefaultValueFactory = _ => "http://127.0.0.1:8090" };
var clientId = new Option<string>("--client") { Description = "id of the portal", DefaultValueFactory = _ => "tervik" };
var portal = new Option<string>("--portal") { Description = "address of the portal", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
var command = new RootCommand("A pretended national eID (OpenID Connect) for synthetic data: whoever asks is whoever they say.") { folder, listen, clientId, portal };
command.SetAction(async (parsed, stop) =>
{
    if (!Uri.TryCreate(parsed.GetValue(listen), UriKind.Absolute, out var address) || !address.IsLoopback || !Uri.TryCreate(parsed.GetValue(portal), UriKind.Absolute, out var known))
    {
        Console.Error.WriteLine("--listen is an address on loopback, such as http://127.0.0.1:8090, and --portal that of the portal: everybody is let in as anybody here.");
        return 64;
    }
    var secretFile = Path.GetFullPath(Path.Combine(parsed.GetValue(folder)!, "demo-eid.secret"));
    Directory.CreateDirectory(Path.GetDirectoryName(secretFile)!);
    if (!File.Exists(secretFile))
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var writer = new StreamWriter(new FileStream(secretFile, options));
        await writer.WriteAsync(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)).AsMemory(), stop);
    }
    await using var app = Provider.Build(new(address, parsed.GetValue(clientId)!, (await File.ReadAllTextAsync(secretFile, stop)).Trim(), new(known, "/sign-in/eid/answer")));
    await app.StartAsync(stop);
    Console.WriteLine($"The pretended eID is at {address}. Start the portal with");
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  ./tervik up --set eidIssuer={address} --set eidClientId={parsed.GetValue(clientId)} --set eidSecret=file:{secretFile} --set 'eidSystems={Provider.Systems}' --set 'eidName=Demo eID'"));
    await app.WaitForShutdownAsync(stop);
    return 0;
});
return await command.Parse(args).InvokeAsync();
