namespace Tervik.Portal.Writing;

/// <summary>Whether what is written stands in the record already: by any code they share, else by the same words.</summary>
static class Duplicates
{
    public static bool AreSame(Known known, string what, Term? term) =>
        term is not null && term.Codes.Any(code => known.Codes.Contains($"{code.System}|{code.Code}"))
        || string.Equals(known.Title, what, StringComparison.OrdinalIgnoreCase)
        || term is not null && (string.Equals(known.Title, term.Display, StringComparison.OrdinalIgnoreCase) || term.Synonyms.Contains(known.Title, StringComparer.OrdinalIgnoreCase));
}
