using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tervik.Portal.SignIn;
using Tervik.Serving;

namespace Tervik.EndToEnd.House;

/// <summary>What a build for production leaves out (-p:Demonstration=false) is all of the demonstration, and nothing else needs it.</summary>
public sealed class ProductionTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void What_the_program_knows_of_the_demonstration_lies_in_one_folder_and_one_reference()
    {
        var program = Path.Combine(SourceTests.Root, "src/Tervik");
        var knowing = Directory.EnumerateFiles(program, "*.cs", SearchOption.AllDirectories).Where(file => File.ReadLines(file).Any(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Regex.IsMatch(line, @"\bTervik\.Demo|\bPersonas\b|\bNation\b"))).Select(file => Path.GetRelativePath(program, file)).ToList();
        Assert.NotEmpty(knowing);
        Assert.All(knowing, file => Assert.StartsWith("Demonstration/", file, StringComparison.Ordinal));

        var project = XDocument.Load(Path.Combine(program, "Tervik.csproj"));
        var reference = Assert.Single(project.Descendants("ProjectReference"), one => one.Attribute("Include")!.Value.Contains("Demo", StringComparison.Ordinal));
        Assert.Equal("'$(Demonstration)' == 'true'", reference.Attribute("Condition")?.Value);
        Assert.Equal(("Demonstration/**", "'$(Demonstration)' != 'true'"), project.Descendants("Compile").Select(one => (one.Attribute("Remove")?.Value, one.Attribute("Condition")?.Value)).Single());

        // The other rooms can do without it: they do not know it.
        foreach (var room in (string[])["Tervik.Storage", "Tervik.Records", "Tervik.Trust", "Tervik.Portal"])
        {
            Assert.DoesNotContain(Assembly.Load(room).GetReferencedAssemblies(), one => one.Name!.StartsWith("Tervik.Demo", StringComparison.Ordinal));
            Assert.DoesNotContain(Assembly.Load(room).GetTypes(), type => Regex.IsMatch(type.Name, "^(Demo(?!g)|Persona(?!l)|Tour)"));
        }
        // Where it joins is a method that the compiler drops when its other half is not there.
        Assert.NotNull(typeof(DemoParts).GetMethod("Join", BindingFlags.Static | BindingFlags.NonPublic));
        Assert.Contains("static partial void Join(ref DemoParts? found);", File.ReadAllText(Path.Combine(program, "Serving/DemoParts.cs")), StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Without_it_no_route_of_it_is_there(bool demo)
    {
        var folder = Directory.CreateTempSubdirectory("tervik-production-").FullName;
        var settings = Settings.Load(null, new Dictionary<string, string?> { ["data"] = folder, ["listen"] = "http://127.0.0.1:0", ["demo"] = demo ? "true" : "false" });
        await using (var installation = await Installation.Open(settings, Stop))
        {
            await using var app = Server.Build(settings, installation);
            var routes = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
                .SelectMany(route => (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => $"{method} /{route.RoutePattern.RawText!.TrimStart('/')}")).ToList();
            Assert.Contains("GET /sign-in", routes);
            foreach (var route in (string[])["POST /sign-in", "POST /sign-in/again", "GET /tour"]) Assert.Equal(demo, routes.Contains(route));
            Assert.Equal(demo, app.Services.GetService<IDemonstration>() is not null);
        }
        Directory.Delete(folder, recursive: true);
    }
}
