using System.Globalization;
using System.Text;
using PdfSharp.Drawing;
using PdfSharp.Pdf;
using PdfSharp.UniversalAccessibility;
using Tervik.Portal.Reading;
using Tervik.Portal.Shell;

namespace Tervik.Portal.Download;

/// <summary>A summary as PDF: A4, headings, tables whose cells wrap, on every page whose it is and which page it is. Tagged, so that a screen reader reads it in order.</summary>
/// <remarks>Lengths are points, 1/72 inch; y grows downwards. PDFsharp keeps fonts in tables that all documents share, so one document is written at a time.</remarks>
sealed class SummaryPdf
{
    const double PageWidth = 595, PageHeight = 842, Margin = 51, Gap = 10, CellPadding = 3.5, Foot = 30, ShortColumn = 95, Width = PageWidth - 2 * Margin, Bottom = PageHeight - Margin - Foot;
    static readonly Lock Writing = new();
    static readonly XBrush Ink = new XSolidBrush(XColor.FromArgb(0x1E, 0x22, 0x26)), Soft = new XSolidBrush(XColor.FromArgb(0x53, 0x5B, 0x63)), Band = new XSolidBrush(XColor.FromArgb(0xEE, 0xF1, 0xF4));
    static readonly XPen Rule = new(XColor.FromArgb(0xC4, 0xCB, 0xD2), 0.6);

    readonly PdfFonts.Face name = PdfFonts.Of(20, isBold: true), heading = PdfFonts.Of(13, isBold: true), text = PdfFonts.Of(9.5, isBold: false), strong = PdfFonts.Of(9.5, isBold: true), small = PdfFonts.Of(8, isBold: false);
    readonly ReadableSummary summary;
    readonly Dictionary<(PdfFonts.Face, string), double> measured = [];
    /// <summary>Wrapped texts, kept between the pass that counts and the one that writes.</summary>
    readonly Dictionary<(PdfFonts.Face, string, double), List<string>> wrapped = [];
    /// <summary>Null while pages are only counted: a page cannot be written to again when their number is known.</summary>
    PdfDocument? document;
    StructureBuilder structure = null!;
    XGraphics surface = XGraphics.CreateMeasureContext(new XSize(PageWidth, PageHeight), XGraphicsUnit.Point, XPageDirection.Downwards);
    int page, pages;
    double y;

    SummaryPdf(ReadableSummary summary) => this.summary = summary;

    /// <summary>The file.</summary>
    public static byte[] Write(ReadableSummary summary)
    {
        lock (Writing)
        {
            var pdf = new SummaryPdf(summary);
            pdf.Compose();
            using var document = new PdfDocument();
            pdf.Begin(document);
            pdf.Compose();
            using var file = new MemoryStream();
            document.Save(file);
            return file.ToArray();
        }
    }

    void Begin(PdfDocument file)
    {
        document = file;
        surface.Dispose();
        (pages, page) = (page, 0);
        file.Info.Title = $"{Words.Of("Patient summary")} – {summary.Patient.Name}";
        file.Info.Subject = summary.PageLine;
        file.Info.Creator = "Tervik";
        file.Info.CreationDate = file.Info.ModificationDate = summary.Made.Instant.UtcDateTime;
        file.Options.CompressContentStreams = true;
        var accessibility = UAManager.ForDocument(file);
        accessibility.SetDocumentLanguage(Language.Current);
        structure = accessibility.StructureBuilder;
    }

    void Compose()
    {
        AddPage();
        Paragraph(name, Ink, summary.Patient.Name, PdfBlockLevelElementTag.Heading1);
        Paragraph(text, Soft, $"{Words.Of("Patient summary")}, {summary.Made.DayAndTime}", PdfBlockLevelElementTag.Paragraph);
        y += Gap;
        Facts();
        foreach (var section in summary.Sections) Write(section);
        y += Gap;
        Paragraph(small, Soft, Words.Of("Summary made", summary.Made.DayAndTime), PdfBlockLevelElementTag.Paragraph);
        EndPage();
    }

    void AddPage()
    {
        if (page > 0) EndPage();
        page++;
        y = Margin;
        if (document is not null)
        {
            var added = document.AddPage();
            added.Size = PdfSharp.PageSize.A4;
            surface = XGraphics.FromPdfPage(added);
        }
    }

    void EndPage()
    {
        if (document is null) return;
        Artifact(() =>
        {
            surface.DrawLine(Rule, Margin, Bottom + 8, Margin + Width, Bottom + 8);
            Draw(small, Soft, summary.PageLine, Margin, Bottom + 12);
            var number = Words.Of("Page {0} of {1}", page, pages);
            Draw(small, Soft, number, Margin + Width - Measure(small, number), Bottom + 12);
        });
        surface.Dispose();
    }

    void Begin(PdfBlockLevelElementTag tag)
    {
        if (document is not null) structure.BeginElement(tag);
    }

    void End()
    {
        if (document is not null) structure.End();
    }

    /// <summary>What is drawn but not read aloud.</summary>
    void Artifact(Action draw)
    {
        if (document is null) return;
        structure.BeginArtifact();
        draw();
        structure.End();
    }

    void Need(double height)
    {
        if (y + height > Bottom) AddPage();
    }

    void Paragraph(PdfFonts.Face face, XBrush brush, string words, PdfBlockLevelElementTag tag)
    {
        var lines = Wrap(face, words, Width);
        Need(Math.Min(lines.Count, 3) * face.Line);
        Begin(tag);
        foreach (var line in lines)
        {
            Need(face.Line);
            Draw(face, brush, line, Margin, y);
            y += face.Line;
        }
        End();
    }

    /// <summary>Who it is about, in two columns of label and value.</summary>
    void Facts()
    {
        var column = Width / 2;
        var facts = SummaryFacts.Of(summary.Patient).ToList();
        for (var i = 0; i < facts.Count; i += 2)
        {
            var pair = facts.Skip(i).Take(2).Select(fact => (fact.Label, Lines: Wrap(strong, fact.Value, column - Gap))).ToList();
            var height = small.Line + pair.Max(fact => fact.Lines.Count) * strong.Line;
            Need(height);
            for (var at = 0; at < pair.Count; at++)
            {
                Begin(PdfBlockLevelElementTag.Paragraph);
                Draw(small, Soft, pair[at].Label, Margin + at * column, y);
                Draw(strong, pair[at].Lines, Margin + at * column, y + small.Line);
                End();
            }
            y += height + 4;
        }
    }

    void Write(ReadableSection section)
    {
        y += Gap + 4;
        Need(heading.Line + 3 * text.Line); // A heading does not stand alone at the foot of a page.
        Paragraph(heading, Ink, section.Title, PdfBlockLevelElementTag.Heading2);
        y += 3;
        foreach (var statement in section.Statements) Paragraph(text, Ink, statement, PdfBlockLevelElementTag.Paragraph);
        foreach (var table in section.Tables)
        {
            Write(table);
            y += Gap;
        }
    }

    void Write(ReadableTable table)
    {
        var widths = Widths(table);
        Begin(PdfBlockLevelElementTag.Table);
        Row(table.Heads, widths, isHead: true);
        foreach (var cells in table.Rows)
        {
            var height = Height(cells, widths);
            if (y + Math.Min(height, Bottom - Margin - 60) > Bottom)
            {
                AddPage();
                Row(table.Heads, widths, isHead: true);
            }
            Row(cells, widths, isHead: false);
        }
        End();
    }

    /// <summary>Columns as wide as their words need. Where that is too much, values and dates keep their line and long texts wrap; where it is less, all grow.</summary>
    double[] Widths(ReadableTable table)
    {
        var wanted = new double[table.Heads.Count];
        var least = new double[table.Heads.Count];
        for (var i = 0; i < wanted.Length; i++)
        {
            var face = i == 0 ? strong : text;
            wanted[i] = Math.Max(Measure(strong, table.Heads[i]), table.Rows.Max(row => Measure(face, row[i]))) + 2 * CellPadding + 4;
            var longest = Math.Max(Measure(strong, table.Heads[i]), table.Rows.Max(row => row[i].Split(' ').Max(word => Measure(face, word)))) + 2 * CellPadding + 1;
            least[i] = Math.Min(Width / wanted.Length, i > 0 && wanted[i] <= ShortColumn ? wanted[i] : longest);
        }
        var total = wanted.Sum();
        if (total <= Width) return [.. wanted.Select(width => width + (Width - total) * width / total)];
        var spare = Width - least.Sum();
        var over = wanted.Zip(least, (want, need) => Math.Max(0, want - need)).ToArray();
        return [.. least.Select((need, i) => need + spare * over[i] / Math.Max(1, over.Sum()))];
    }

    double Height(string[] cells, double[] widths)
    {
        var lines = 1;
        for (var i = 0; i < cells.Length; i++) lines = Math.Max(lines, Wrap(i == 0 ? strong : text, cells[i], widths[i] - 2 * CellPadding).Count);
        return lines * text.Line + 2 * CellPadding;
    }

    void Row(IReadOnlyList<string> cells, double[] widths, bool isHead)
    {
        var columns = cells.Select((cell, i) => new Queue<string>(Wrap(isHead || i == 0 ? strong : text, cell, widths[i] - 2 * CellPadding))).ToArray();
        Begin(PdfBlockLevelElementTag.TableRow);
        // A row that is taller than a page goes on on the next one.
        while (Array.Exists(columns, column => column.Count > 0))
        {
            if (y + text.Line + 2 * CellPadding > Bottom) AddPage();
            var fit = Math.Max(1, (int)((Bottom - y - 2 * CellPadding) / text.Line));
            var lines = Math.Min(fit, columns.Max(column => column.Count));
            var height = lines * text.Line + 2 * CellPadding;
            Artifact(() =>
            {
                if (isHead) surface.DrawRectangle(Band, Margin, y, Width, height);
                surface.DrawLine(Rule, Margin, y + height, Margin + Width, y + height);
            });
            var x = Margin;
            for (var i = 0; i < columns.Length; i++)
            {
                Begin(isHead || i == 0 ? PdfBlockLevelElementTag.TableHeaderCell : PdfBlockLevelElementTag.TableDataCell);
                var part = new List<string>();
                while (part.Count < lines && columns[i].TryDequeue(out var line)) part.Add(line);
                Draw(isHead || i == 0 ? strong : text, part, x + CellPadding, y + CellPadding);
                End();
                x += widths[i];
            }
            y += height;
        }
        End();
    }

    void Draw(PdfFonts.Face face, IEnumerable<string> lines, double x, double top)
    {
        foreach (var line in lines)
        {
            Draw(face, Ink, line, x, top);
            top += face.Line;
        }
    }

    /// <summary>One line, in the font that has its letters, run by run.</summary>
    void Draw(PdfFonts.Face face, XBrush brush, string line, double x, double top)
    {
        if (document is null) return;
        foreach (var (run, isOther) in Runs(line))
        {
            var font = isOther ? face.Other : face.Main;
            surface.DrawString(run, font, brush, x, top + face.Main.Size * 1.05);
            x += surface.MeasureString(run, font).Width;
        }
    }

    double Measure(PdfFonts.Face face, string line)
    {
        if (measured.TryGetValue((face, line), out var known)) return known;
        var width = 0.0;
        foreach (var (run, isOther) in Runs(line)) width += surface.MeasureString(run, isOther ? face.Other : face.Main).Width;
        return measured[(face, line)] = width;
    }

    /// <summary>Stretches of letters of one font; marks and spaces go with the letter before them.</summary>
    static IEnumerable<(string Run, bool IsOther)> Runs(string line)
    {
        var start = 0;
        var isOther = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (!char.IsLetter(line[i]) && i > start) continue;
            if (PdfFonts.IsOther(line[i]) == isOther) continue;
            if (i > start) yield return (line[start..i], isOther);
            (start, isOther) = (i, !isOther);
        }
        if (line.Length > start) yield return (line[start..], isOther);
    }

    /// <summary>Lines no wider than <paramref name="width"/>: broken at spaces, and inside a word only when it is wider than a line.</summary>
    List<string> Wrap(PdfFonts.Face face, string words, double width)
    {
        if (wrapped.TryGetValue((face, words, width), out var known)) return known;
        var (lines, line, used, space) = (new List<string>(), new StringBuilder(), 0.0, Measure(face, " "));
        foreach (var paragraph in words.ReplaceLineEndings("\n").Split('\n'))
        {
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var wide = Measure(face, word);
                if (line.Length > 0 && used + space + wide <= width)
                {
                    line.Append(' ').Append(word);
                    used += space + wide;
                    continue;
                }
                EndLine();
                if (wide <= width)
                {
                    line.Append(word);
                    used = wide;
                    continue;
                }
                for (var letters = StringInfo.GetTextElementEnumerator(word); letters.MoveNext();)
                {
                    var letter = letters.GetTextElement();
                    if (used + Measure(face, letter) > width) EndLine();
                    line.Append(letter);
                    used += Measure(face, letter);
                }
            }
            EndLine();
        }
        return wrapped[(face, words, width)] = lines.Count == 0 ? [""] : lines;

        void EndLine()
        {
            if (line.Length > 0) lines.Add(line.ToString());
            line.Clear();
            used = 0;
        }
    }
}
