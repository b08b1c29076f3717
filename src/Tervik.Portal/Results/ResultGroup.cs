using System.Collections.Frozen;

namespace Tervik.Portal.Results;

/// <summary>Which results one looks at together: by LOINC code, as laboratories order them.</summary>
static class ResultGroup
{
    /// <summary>Words of each group, in no order of importance; the page shows the one with the newest result first.</summary>
    static readonly (string Group, string[] Codes)[] Table =
    [
        ("results sugar", ["4548-4", "17856-6", "59261-8", "14771-0", "14749-6", "15074-8", "2339-0", "2345-7", "1558-6", "41653-7", "1986-9"]),
        ("results lipids", ["2093-3", "14647-2", "2571-8", "14927-8", "18262-6", "13457-7", "39469-2", "22748-8", "2089-1", "2085-9", "14646-4", "43396-1"]),
        ("results kidney", ["2160-0", "14682-9", "38483-4", "33914-3", "62238-1", "98979-8", "48642-3", "48643-1", "69405-9", "3094-0", "6299-2", "22664-7", "9318-7", "14959-1", "14957-5", "30000-4", "14933-6", "3084-1"]),
        ("results salts", ["2823-3", "6298-4", "2951-2", "2947-0", "2075-0", "2069-3", "20565-8", "2028-9", "1963-8", "2000-8", "17861-6", "49765-1", "14879-1", "2777-1", "14866-8", "2731-8", "19123-9", "2601-3", "2524-7", "59032-3", "2344-0"]),
        ("results blood", ["718-7", "20509-6", "59260-0", "4544-3", "20570-8", "789-8", "787-2", "785-6", "786-4", "788-0", "21000-5", "6690-2", "26464-8", "777-3", "26515-7", "32207-3", "32623-1", "751-8", "731-0", "742-7", "711-2", "704-7",
            "26499-4", "26474-7", "4537-7"]),
        ("results iron", ["2276-4", "20567-4", "2498-4", "14798-3", "2502-3", "2500-7", "2132-9", "14685-2", "2284-8", "14732-2", "1989-3", "62292-8"]),
        ("results liver", ["1742-6", "1743-4", "1920-8", "6768-6", "2324-2", "1975-2", "14631-6", "1968-7", "1751-7", "2885-2", "10834-0", "1798-8", "3040-3", "14804-9", "2532-0"]),
        ("results thyroid", ["3016-3", "3024-7", "14920-3", "3051-0", "14928-6", "3053-6", "8099-4"]),
        ("results inflammation", ["1988-5", "30522-7", "30341-2", "33959-8", "11572-5", "53027-9"]),
        ("results heart tests", ["33762-6", "30934-4", "42637-9", "67151-1", "6598-7", "10839-9", "89579-7", "2157-6"]),
        ("results clotting", ["6301-6", "5902-2", "34714-6", "3173-2", "14979-9", "48065-7", "3255-7"]),
        ("results tumour", ["2857-1", "6875-9", "2039-6", "10334-1", "1834-1", "24108-3"]),
        ("results hormones", ["2986-8", "2243-4", "15067-2", "10501-5", "2842-3", "2143-6", "21198-7", "19080-1"]),
        ("results urine", ["5811-5", "5803-2", "5778-6", "5767-9", "25428-4", "5792-7", "20454-5", "5804-0", "5794-3", "20405-7", "5799-2", "5802-4", "2514-8", "5797-6", "5770-3", "50561-0"]),
        ("results infection", ["94500-6", "94531-1", "94309-2", "80382-5", "80383-3", "92142-9", "92141-1", "92131-2", "630-4", "600-7", "5195-3", "16128-1", "6463-4"]),
        ("results circulation", ["85354-9", "55284-4", "8480-6", "8462-4", "8478-0", "8867-4", "8893-0"]),
        ("results breathing", ["59408-5", "2708-6", "2713-6", "9279-1", "20152-5", "19868-9", "20150-9", "19926-5", "33452-4", "19935-6"]),
        ("results body", ["29463-7", "3141-9", "8302-2", "8306-3", "39156-5", "59576-9", "77606-2", "9843-4", "8287-5", "8289-1", "8280-0", "56086-2", "8310-5", "8331-1", "8332-9"]),
        ("results questionnaires", ["44261-6", "72106-8", "72514-3", "38208-5", "69737-5", "70274-6", "75626-2", "82667-7", "75893-8", "91148-7", "55757-9", "71969-0", "89206-7", "76504-0"]),
    ];

    static readonly FrozenDictionary<string, string> ByCode = Table.SelectMany(row => row.Codes.Select(code => (code, row.Group))).ToFrozenDictionary(one => one.code, one => one.Group);

    /// <summary>The group of a result.</summary>
    /// <param name="key"><c>system|code</c>.</param>
    /// <param name="panel">The observation that it is part of, likewise, or null.</param>
    /// <param name="category">The observation's category.</param>
    /// <returns>Words of the group, or null when only the report can say.</returns>
    public static string? Of(string key, string? panel, string? category) =>
        Loinc(key) ?? (panel is null ? null : Loinc(panel)) ?? category switch { "vital-signs" => "vital-signs", "survey" => "results questionnaires", "social-history" => "results life", _ => null };

    static string? Loinc(string key) => key.StartsWith("http://loinc.org|", StringComparison.Ordinal) ? ByCode.GetValueOrDefault(key["http://loinc.org|".Length..]) : null;

    /// <summary>All codes that stand in a group, for the test that none stands in two.</summary>
    internal static IEnumerable<string> Codes => Table.SelectMany(row => row.Codes);
}
