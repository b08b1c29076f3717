using System.Globalization;

namespace Tervik.Records.FhirPath;

/// <summary>Builds an expression from text, by precedence climbing.</summary>
sealed class Parser(string text)
{
    /// <summary>Deeper nesting is refused.</summary>
    const int DeepestNesting = 100;

    static readonly string[][] Levels =
    [
        ["implies"], ["or", "xor"], ["and"], ["in", "contains"], ["=", "~", "!=", "!~"], ["<", ">", "<=", ">="], ["|"], ["is", "as"], ["+", "-", "&"], ["*", "/", "div", "mod"],
    ];

    static readonly string[] Units = ["year", "years", "month", "months", "week", "weeks", "day", "days", "hour", "hours", "minute", "minutes", "second", "seconds", "millisecond", "milliseconds"];

    readonly List<Token> tokens = new Lexer(text).Read();
    int at, depth;

    Token Current => tokens[at];

    public Expression Parse()
    {
        var parsed = Binary(0);
        return Current.Kind == TokenKind.End ? parsed : throw Unexpected();
    }

    FhirPathException Unexpected() => new(string.Create(CultureInfo.InvariantCulture, $"{Current.Text} is not expected at position {Current.Position + 1}."));

    bool Take(string symbol)
    {
        if (!Current.Is(symbol)) return false;
        at++;
        return true;
    }

    void Expect(string symbol)
    {
        if (!Take(symbol)) throw new FhirPathException(string.Create(CultureInfo.InvariantCulture, $"{symbol} was expected at position {Current.Position + 1}, but {Current.Text} was found."));
    }

    Expression Binary(int level)
    {
        if (level == Levels.Length) return Unary();
        if (++depth > DeepestNesting * Levels.Length) throw new FhirPathException($"The expression is nested deeper than {DeepestNesting} levels.");
        var left = Binary(level + 1);
        while (Array.Find(Levels[level], Current.Is) is { } symbol)
        {
            at++;
            left = symbol is "is" or "as" ? new TypeTest(left, symbol, TypeName()) : new Operation(symbol, left, Binary(level + 1));
        }
        depth--;
        return left;
    }

    string TypeName()
    {
        var isGrouped = Take("(");
        var name = Name();
        if (Take(".")) name += "." + Name();
        if (isGrouped) Expect(")");
        return name;
    }

    string Name()
    {
        if (Current.Kind is not (TokenKind.Identifier or TokenKind.Delimited)) throw Unexpected();
        return tokens[at++].Text;
    }

    Expression Unary()
    {
        if (Take("-")) return new Sign(Unary(), isNegative: true);
        return Take("+") ? new Sign(Unary(), isNegative: false) : Postfix(Term());
    }

    Expression Postfix(Expression term)
    {
        while (true)
            if (Take(".")) term = new Chain(term, Invocation());
            else if (Take("["))
            {
                term = new Indexer(term, Binary(0));
                Expect("]");
            }
            else return term;
    }

    Expression Term()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Text: at++; return new Literal(PathItem.Of(token.Text));
            case TokenKind.Integer or TokenKind.Decimal: at++; return Number(token);
            case TokenKind.Moment: at++; return new Literal(PathItem.Moment(token.Text) ?? throw new FhirPathException(string.Create(CultureInfo.InvariantCulture, $"@{token.Text} is no date or time, position {token.Position + 1}.")));
            case TokenKind.Variable: at++; return new Variable(token.Text);
            case TokenKind.Special or TokenKind.Delimited or TokenKind.Identifier:
                if (token.Kind == TokenKind.Identifier && token.Text is "true" or "false" && !tokens[at + 1].Is("("))
                {
                    at++;
                    return new Literal(PathItem.Of(token.Text == "true"));
                }
                return Invocation();
        }
        if (Take("("))
        {
            var inner = Binary(0);
            Expect(")");
            return inner;
        }
        if (!Take("{")) throw Unexpected();
        Expect("}");
        return new Nothing();
    }

    Literal Number(Token token)
    {
        var isInteger = token.Kind == TokenKind.Integer;
        if (!decimal.TryParse(token.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) throw new FhirPathException($"{token.Text} is too large.");
        if (Current.Kind == TokenKind.Text)
            return new Literal(PathItem.Quantity(value, tokens[at++].Text));
        if (Current.Kind == TokenKind.Identifier && Units.Contains(Current.Text)) return new Literal(PathItem.Quantity(value, tokens[at++].Text));
        return new Literal(isInteger && value <= long.MaxValue ? PathItem.Of((long)value) : PathItem.Of(value));
    }

    Expression Invocation()
    {
        var token = Current;
        if (token.Kind == TokenKind.Special)
        {
            at++;
            return token.Text is "this" or "index" or "total" ? new Special(token.Text) : throw new FhirPathException($"${token.Text} does not exist.");
        }
        var name = Name();
        if (!Take("(")) return new Member(name);
        var arguments = new List<Expression>();
        if (!Take(")"))
        {
            do arguments.Add(Binary(0));
            while (Take(","));
            Expect(")");
        }
        return Functions.Find(name, arguments);
    }
}
