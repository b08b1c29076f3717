using System.Collections.Concurrent;
using Tervik.Records.Model;

namespace Tervik.Records.FhirPath;

/// <summary>A compiled FHIRPath expression (FHIRPath 2.0 with the FHIR R4 additions). Immutable and safe for concurrent use.</summary>
public sealed class FhirPathExpression
{
    // Expressions come from definitions and from clients: what is kept must not grow without end.
    const int MostKept = 5000;
    static readonly ConcurrentDictionary<string, FhirPathExpression> Kept = new(StringComparer.Ordinal);

    readonly Expression expression;

    FhirPathExpression(Expression expression) => this.expression = expression;

    /// <summary>Parses and compiles; the result is kept for the next call with the same text.</summary>
    /// <exception cref="FhirPathException">The text is no expression; the message has the position.</exception>
    public static FhirPathExpression Compile(string text)
    {
        if (Kept.TryGetValue(text, out var known)) return known;
        var compiled = new FhirPathExpression(new Parser(text).Parse());
        if (Kept.Count >= MostKept) Kept.Clear();
        return Kept[text] = compiled;
    }

    /// <summary>Evaluates on a node and gives those results that are elements of the resource (search parameters, patch paths).</summary>
    /// <exception cref="FhirPathException">It cannot be evaluated on this node.</exception>
    public void SelectNodes(Node focus, List<Node> found)
    {
        foreach (var item in Evaluate(focus, focus))
            if (item.Kind == ItemKind.Node) found.Add(item.Node);
    }

    /// <summary>Evaluates to a truth value: empty is null.</summary>
    /// <param name="focus">Where to evaluate (<c>%context</c>).</param>
    /// <param name="root">The resource (<c>%resource</c>, <c>%rootResource</c>, resolve() of contained).</param>
    /// <exception cref="FhirPathException">It cannot be evaluated on this node.</exception>
    public bool? IsTrue(Node focus, Node root) => Evaluate(focus, root) switch
    {
        [] => null,
        [var only] => only.Simple() is { Kind: ItemKind.Boolean } truth ? truth.Truth : true,
        var many => throw new FhirPathException($"One value was expected, {many.Count} were found."),
    };

    /// <summary>Evaluates on a node.</summary>
    internal List<PathItem> Evaluate(Node focus, Node root)
    {
        List<PathItem> input = [PathItem.Of(focus)];
        return expression.Evaluate(new Evaluation(root, input), input);
    }
}

/// <summary>An expression that cannot be compiled or evaluated.</summary>
public sealed class FhirPathException(string message) : Exception(message);

/// <summary>What one evaluation knows besides its input.</summary>
sealed class Evaluation(Node root, List<PathItem> context)
{
    /// <summary>Steps after which an evaluation is given up: an expression from a client must not hold a processor.</summary>
    const int MostSteps = 1_000_000;

    int steps;

    public Node Root => root;
    public List<PathItem> Context => context;
    public List<PathItem>? This { get; set; }
    public long Index { get; set; }
    public List<PathItem>? Total { get; set; }

    /// <summary>The moment the evaluation began: now() is the same throughout.</summary>
    public DateTimeOffset Now { get; } = DateTimeOffset.Now;

    public void Step(int count = 1)
    {
        if ((steps += count) > MostSteps) throw new FhirPathException($"The expression takes more than {MostSteps} steps.");
    }
}
