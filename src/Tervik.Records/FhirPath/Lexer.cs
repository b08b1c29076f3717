using System.Globalization;
using System.Text;

namespace Tervik.Records.FhirPath;

enum TokenKind
{
    End, Identifier, Delimited, Text, Integer, Decimal, Moment, Variable, Special, Symbol,
}

/// <summary>A token and where it begins.</summary>
readonly record struct Token(TokenKind Kind, string Text, int Position)
{
    public bool Is(string symbol) => Kind is TokenKind.Symbol or TokenKind.Identifier && Text == symbol;
}

/// <summary>Splits FHIRPath into tokens.</summary>
sealed class Lexer(string text)
{
    /// <summary>Longer expressions are refused; the longest of the specification has 1,300 characters.</summary>
    const int LongestText = 20_000;

    static readonly string[] Symbols = ["!=", "!~", "<=", ">=", ".", ",", "(", ")", "[", "]", "{", "}", "+", "-", "*", "/", "|", "&", "=", "~", "<", ">"];
    int at;

    public List<Token> Read()
    {
        if (text.Length > LongestText) throw new FhirPathException($"The expression has {text.Length} characters; at most {LongestText} are accepted.");
        var tokens = new List<Token>();
        do tokens.Add(Next());
        while (tokens[^1].Kind != TokenKind.End);
        return tokens;
    }

    FhirPathException Wrong(string what) => new(string.Create(CultureInfo.InvariantCulture, $"{what} at position {at + 1}."));

    Token Next()
    {
        SkipBlanks();
        if (at >= text.Length) return new(TokenKind.End, "the end", at);
        var start = at;
        var c = text[at];
        if (char.IsAsciiLetter(c) || c == '_') return new(TokenKind.Identifier, While(x => char.IsAsciiLetterOrDigit(x) || x == '_'), start);
        if (char.IsAsciiDigit(c)) return Number(start);
        switch (c)
        {
            case '`': return new(TokenKind.Delimited, Quoted('`'), start);
            case '\'': return new(TokenKind.Text, Quoted('\''), start);
            case '"': return new(TokenKind.Delimited, Quoted('"'), start);
            case '@': return Moment(start);
            case '%':
                at++;
                if (at >= text.Length) throw Wrong("A name was expected after %");
                return new(TokenKind.Variable, text[at] is '`' or '\'' or '"' ? Quoted(text[at]) : While(x => char.IsAsciiLetterOrDigit(x) || x is '_' or '-'), start);
            case '$':
                at++;
                return new(TokenKind.Special, While(char.IsAsciiLetter), start);
        }
        foreach (var symbol in Symbols)
            if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) == 0)
            {
                at += symbol.Length;
                return new(TokenKind.Symbol, symbol, start);
            }
        throw Wrong($"{c} is not understood");
    }

    void SkipBlanks()
    {
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at])) at++;
            else if (text.AsSpan(at).StartsWith("//")) while (at < text.Length && text[at] is not ('\n' or '\r')) at++;
            else if (text.AsSpan(at).StartsWith("/*"))
            {
                var end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
                if (end < 0) throw Wrong("A comment without end");
                at = end + 2;
            }
            else return;
        }
    }

    string While(Func<char, bool> belongs)
    {
        var start = at;
        while (at < text.Length && belongs(text[at])) at++;
        return text[start..at];
    }

    Token Number(int start)
    {
        While(char.IsAsciiDigit);
        if (at + 1 >= text.Length || text[at] != '.' || !char.IsAsciiDigit(text[at + 1])) return new(TokenKind.Integer, text[start..at], start);
        at++;
        While(char.IsAsciiDigit);
        return new(TokenKind.Decimal, text[start..at], start);
    }

    Token Moment(int start)
    {
        at++;
        While(x => char.IsAsciiDigit(x) || x == '-');
        if (at < text.Length && text[at] == 'T')
        {
            at++;
            While(x => char.IsAsciiDigit(x) || x == ':');
            if (at + 1 < text.Length && text[at] == '.' && char.IsAsciiDigit(text[at + 1]))
            {
                at++;
                While(char.IsAsciiDigit);
            }
            if (at < text.Length && text[at] == 'Z') at++;
            else if (at + 5 < text.Length && text[at] is '+' or '-' && char.IsAsciiDigit(text[at + 1]) && text[at + 3] == ':') at += 6;
        }
        return new(TokenKind.Moment, text[(start + 1)..at], start);
    }

    string Quoted(char quote)
    {
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] == quote)
            {
                at++;
                return value.ToString();
            }
            if (text[at] != '\\') value.Append(text[at]);
            else Escape(value);
        }
        throw Wrong($"A closing {quote} is missing");
    }

    void Escape(StringBuilder value)
    {
        if (++at >= text.Length) throw Wrong("An escape without end");
        switch (text[at])
        {
            case 'n': value.Append('\n'); break;
            case 'r': value.Append('\r'); break;
            case 't': value.Append('\t'); break;
            case 'f': value.Append('\f'); break;
            case 'u' when at + 4 < text.Length && ushort.TryParse(text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                value.Append((char)unit);
                at += 4;
                break;
            case '\\' or '/' or '\'' or '"' or '`': value.Append(text[at]); break;
            default: value.Append('\\').Append(text[at]); break;
        }
    }
}
