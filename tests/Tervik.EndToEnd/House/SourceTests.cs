using System.Text.RegularExpressions;

namespace Tervik.EndToEnd.House;

/// <summary>What stands nowhere in the sources of the product, or in the named files only, where it is looked after.</summary>
public sealed class SourceTests
{
    /// <summary>The folder that holds <c>src</c>, above the tests that run.</summary>
    internal static string Root { get; } = Find(AppContext.BaseDirectory);

    static string Find(string folder) => File.Exists(Path.Combine(folder, "Tervik.slnx")) ? folder : Find(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The sources are not above the tests."));

    [Theory]
    [InlineData("a weak hash or cipher", "*.cs", @"\b(MD5|SHA1|DES|TripleDES|RC2|CipherMode|PaddingMode|RSAEncryptionPadding|HMACSHA1|HMACMD5)\b", "PageCipher.cs")] // one block at a time: a permutation of heads that are never equal
    [InlineData("random numbers that can be guessed", "*.cs", @"\bnew Random\(|Random\.Shared|System\.Random\b", "")]
    [InlineData("another program that is started", "*.cs", @"\bProcess\.Start\b|ProcessStartInfo", "")]
    [InlineData("text that becomes code", "*.cs", @"CSharpScript|\bCompileAssembly|Activator\.CreateInstance|Assembly\.Load|Type\.GetType\(|DynamicMethod|XslCompiledTransform|XPathNavigator|\bdynamic\b \w+ =", "")]
    [InlineData("a deserializer that chooses types", "*.cs", @"BinaryFormatter|NetDataContractSerializer|SoapFormatter|LosFormatter|JsonDerivedType|TypeNameHandling|DataContractSerializer|XmlSerializer", "")]
    [InlineData("memory that is not managed", "*.cs", @"\bunsafe\b(?!-)|\bfixed \(|\bUnsafe\.(?!AreSame)|NativeMemory|AllocHGlobal", "SealedFiles.cs")] // what SQLite calls
    [InlineData("HTML that is not encoded", "*.cs", @"new MarkupString|\(MarkupString\)|HtmlString\(", "SafeHtml.cs")]
    [InlineData("HTML that is not encoded", "*.razor", @"MarkupString\(|\(MarkupString\)", "")]
    [InlineData("a request to elsewhere", "*.cs", @"\bHttpClient\b|HttpClientFactory|WebRequest\b|\bnew TcpClient\b|UdpClient|ConnectAsync\(|SmtpClient", "MalwareScanner.cs NoticeWebhook.cs SmtpMail.cs Witnesses.cs")]
    [InlineData("a script that makes code or HTML of text, or talks to other windows", "*.js", @"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|postMessage|onmessage|__proto__|\.prototype\b", "")]
    [InlineData("a script or handler inside a page", "*.razor", @"<script(?![^>]* src=)|\son[a-z]+=""|javascript:|style=""", "")]
    [InlineData("a WebSocket, GraphQL, LDAP, SAML or mail", "*.cs", @"UseWebSockets|WebSocketManager|GraphQL|LdapConnection|DirectoryEntry|Saml|MailMessage|SmtpClient", "SmtpMail.cs")] // to the mail server of the operator
    [InlineData("XML that may name entities", "*.cs", @"DtdProcessing\.Parse|XmlUrlResolver|XmlDocument\b|XDocument\.(Load|Parse)", "")]
    [InlineData("something that is kept in the browser", "*.js", @"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.open", "seal.js session.js")]
    [InlineData("a password", "*.razor", @"type=""password""", "")]
    public void It_stands_nowhere_else(string what, string files, string pattern, string only)
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Root, "src"), files, SearchOption.AllDirectories).ToList();
        Assert.NotEmpty(sources);
        var found = sources.SelectMany(file => File.ReadLines(file).Select((line, number) => (File: Path.GetFileName(file), Text: $"{Path.GetFileName(file)}:{number + 1}: {line.Trim()}", Line: line.Split("//")[0])))
            .Where(one => Regex.IsMatch(one.Line, pattern)).ToList();
        var known = only.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(found.All(one => known.Contains(one.File)), $"{what}:\n{string.Join('\n', found.Where(one => !known.Contains(one.File)).Select(one => one.Text))}");
        Assert.Equal(known.Order(), found.Select(one => one.File).Distinct().Order());
    }

    [Fact]
    public void What_is_typed_is_never_sent_in_an_address()
    {
        var forms = Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.razor", SearchOption.AllDirectories)
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"<form\b(?<head>[^>]*)>(?<fields>.*?)</form>", RegexOptions.Singleline).Select(form => (File: Path.GetFileName(file), Head: form.Groups["head"].Value, Fields: form.Groups["fields"].Value))).ToList();
        Assert.True(forms.Count > 40, $"{forms.Count} forms");
        // A choice of values that we offer, or of days, may stand in an address; a field to type into is posted with the token of the page.
        var faults = forms.Where(form => !form.Head.Contains("method=\"post\"", StringComparison.Ordinal) && Regex.IsMatch(form.Fields, @"<textarea|<input(?![^>]*type=""(hidden|radio|checkbox|date)"")|<Field\b")).Select(form => $"{form.File}: {form.Head}").ToList();
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.Contains(forms, form => form.Head.Contains("method=\"get\"", StringComparison.Ordinal)); // those are looked at too
        // Nor in one that a script makes of a field.
        foreach (var script in Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.js", SearchOption.AllDirectories)) Assert.DoesNotMatch(@"fetch\([^,)]*(\.value|\bquery\b)|\?\$\{", File.ReadAllText(script));
    }

    [Fact]
    public void Arithmetic_is_checked_nulls_are_typed_and_warnings_are_errors_in_every_project()
    {
        var shared = File.ReadAllText(Path.Combine(Root, "Directory.Build.props"));
        foreach (var setting in (string[])["<CheckForOverflowUnderflow>true<", "<Nullable>enable<", "<TreatWarningsAsErrors>true<"]) Assert.Contains(setting, shared, StringComparison.Ordinal);
        foreach (var project in Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories))
            Assert.DoesNotMatch("CheckForOverflowUnderflow|<Nullable>|TreatWarningsAsErrors", File.ReadAllText(project));
    }

    [Fact]
    public void Each_version_of_a_library_is_written_down_once_and_packages_of_npm_are_pinned_by_hash()
    {
        foreach (var project in Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories).Where(file => !file.Contains("node_modules", StringComparison.Ordinal)))
            Assert.DoesNotMatch("<PackageReference[^>]*Version=", File.ReadAllText(project));
        Assert.DoesNotMatch(@"Version=""[^""]*[*\[(]", File.ReadAllText(Path.Combine(Root, "Directory.Packages.props")));
        Assert.DoesNotMatch(@"""[\^~><]", File.ReadAllText(Path.Combine(Root, "package.json")).Split("\"dependencies\"")[1]);
        var locked = File.ReadAllText(Path.Combine(Root, "package-lock.json"));
        Assert.Equal(Regex.Count(locked, "\"node_modules/[^\"]+\": \\{"), Regex.Count(locked, "\"integrity\": \"sha512-"));
    }
}
