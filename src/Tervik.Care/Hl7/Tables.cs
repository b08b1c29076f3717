using System.Collections.Frozen;

namespace Tervik.Care.Hl7;

/// <summary>Codes of HL7 v2 and what they are in FHIR. Source: HL7 v2-to-FHIR, concept maps.</summary>
static class Tables
{
    const string V2 = "http://terminology.hl7.org/CodeSystem/v2-", V3 = "http://terminology.hl7.org/CodeSystem/v3-";

    /// <summary>What a code means in FHIR.</summary>
    internal sealed record Meaning(string System, string Code, string Display);

    static FrozenDictionary<string, string> Codes(string pairs) => pairs.Split(' ').Select(pair => pair.Split('=')).ToFrozenDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
    static FrozenDictionary<string, Meaning> Meanings(string rows) => rows.Split(';').Select(row => row.Trim().Split('|')).ToFrozenDictionary(row => row[0], row => new Meaning(row[1].Replace("v3:", V3, StringComparison.Ordinal).Replace("v2:", V2, StringComparison.Ordinal), row[2], row[3]), StringComparer.OrdinalIgnoreCase);

    /// <summary>0001 to administrative-gender.</summary>
    public static readonly FrozenDictionary<string, string> Sex = Codes("F=female M=male O=other U=unknown A=other N=other X=other");
    /// <summary>0200 to name-use.</summary>
    public static readonly FrozenDictionary<string, string> NameUse = Codes("BAD=old D=usual L=official M=maiden MSK=anonymous N=nickname NAV=temp R=official TEMP=temp");
    /// <summary>0190 to address-use.</summary>
    public static readonly FrozenDictionary<string, string> AddressUse = Codes("BA=old BI=billing C=temp B=work H=home O=work");
    /// <summary>0190 to address-type.</summary>
    public static readonly FrozenDictionary<string, string> AddressType = Codes("M=postal SH=postal");
    /// <summary>0201 to contact-point-use.</summary>
    public static readonly FrozenDictionary<string, string> TelecomUse = Codes("PRN=home WPN=work PRS=mobile");
    /// <summary>0202 to contact-point-system.</summary>
    public static readonly FrozenDictionary<string, string> TelecomSystem = Codes("PH=phone CP=phone FX=fax MD=other SAT=other BP=pager Internet=email X.400=email TDD=other TTY=other");
    /// <summary>0085 to observation-status.</summary>
    public static readonly FrozenDictionary<string, string> ResultStatus = Codes("A=amended C=corrected D=entered-in-error F=final P=preliminary W=entered-in-error X=cancelled I=registered R=preliminary S=preliminary V=final U=final B=amended");
    /// <summary>0278 to appointmentstatus.</summary>
    public static readonly FrozenDictionary<string, string> AppointmentStatus = Codes("Pending=pending Waitlist=waitlist Booked=booked Overbook=booked Started=checked-in Complete=fulfilled Cancelled=cancelled Canceled=cancelled Dc=cancelled Discontinued=cancelled Deleted=entered-in-error Noshow=noshow Blocked=booked Arrived=arrived");
    /// <summary>0127 to allergy-intolerance-category.</summary>
    public static readonly FrozenDictionary<string, string> AllergyCategory = Codes("DA=medication DRUG=medication FA=food FOOD=food EA=environment AA=biologic PA=environment LA=environment");
    /// <summary>0128 to allergy-intolerance-criticality.</summary>
    public static readonly FrozenDictionary<string, string> Criticality = Codes("SV=high MI=low");
    /// <summary>0128 to reaction-event-severity.</summary>
    public static readonly FrozenDictionary<string, string> Severity = Codes("SV=severe MO=moderate MI=mild");
    /// <summary>0004 to v3-ActCode.</summary>
    public static readonly FrozenDictionary<string, Meaning> PatientClass = Meanings("""
        E|v3:ActCode|EMER|emergency; I|v3:ActCode|IMP|inpatient encounter; O|v3:ActCode|AMB|ambulatory; P|v3:ActCode|PRENC|pre-admission; R|v2:0004|R|Recurring patient;
        B|v2:0004|B|Obstetrics; C|v2:0004|C|Commercial Account; N|v2:0004|N|Not Applicable; U|v2:0004|U|Unknown
        """);
    /// <summary>0002 to v3-MaritalStatus.</summary>
    public static readonly FrozenDictionary<string, Meaning> MaritalStatus = Meanings("""
        A|v3:MaritalStatus|L|Legally Separated; D|v3:MaritalStatus|D|Divorced; M|v3:MaritalStatus|M|Married; S|v3:MaritalStatus|S|Never Married; W|v3:MaritalStatus|W|Widowed;
        C|v3:MaritalStatus|C|Common Law; G|v3:MaritalStatus|T|Domestic partner; P|v3:MaritalStatus|T|Domestic partner; R|v3:MaritalStatus|T|Domestic partner; E|v3:MaritalStatus|L|Legally Separated;
        N|v3:MaritalStatus|A|Annulled; I|v3:MaritalStatus|I|Interlocutory; B|v3:MaritalStatus|U|unmarried; U|v3:NullFlavor|UNK|unknown; O|v3:NullFlavor|OTH|other; T|v3:NullFlavor|NAVU|Not available
        """);
    /// <summary>0063 to v3-RoleCode.</summary>
    public static readonly FrozenDictionary<string, Meaning> Relationship = Meanings("""
        SEL|v3:RoleCode|ONESELF|self; SPO|v3:RoleCode|SPS|spouse; DOM|v3:RoleCode|SIGOTHR|significant other; CHD|v3:RoleCode|CHILD|child; GCH|v3:RoleCode|GRNDCHILD|grandchild; NCH|v3:RoleCode|NCHILD|natural child;
        SCH|v3:RoleCode|STPCHLD|step child; FCH|v3:RoleCode|CHLDFOST|foster child; PAR|v3:RoleCode|PRN|parent; MTH|v3:RoleCode|MTH|mother; FTH|v3:RoleCode|FTH|father; GRP|v3:RoleCode|GRPRN|grandparent;
        EXF|v3:RoleCode|EXT|extended family member; SIB|v3:RoleCode|SIB|sibling; BRO|v3:RoleCode|BRO|brother; SIS|v3:RoleCode|SIS|sister; FND|v3:RoleCode|FRND|unrelated friend;
        EMR|v2:0131|E|Employer; EMC|v2:0131|C|Emergency Contact; UNK|v2:0131|U|Unknown; OTH|v2:0131|O|Other; DEP|v2:0063|DEP|Handicapped dependent; WRD|v2:0063|WRD|Ward of court; CGV|v2:0063|CGV|Care giver;
        GRD|v2:0063|GRD|Guardian; OAD|v2:0063|OAD|Other adult; EME|v2:0063|EME|Employee; ASC|v2:0063|ASC|Associate; OWN|v2:0063|OWN|Owner; TRA|v2:0063|TRA|Trainer; MGR|v2:0063|MGR|Manager; NON|v2:0063|NON|None
        """);
    /// <summary>0063 to subscriber-relationship.</summary>
    public static readonly FrozenDictionary<string, string> Subscriber = Codes("SEL=self SPO=spouse CHD=child NCH=child SCH=child FCH=child PAR=parent MTH=parent FTH=parent DOM=common OTH=other");
    /// <summary>0217 to v3-ActPriority.</summary>
    public static readonly FrozenDictionary<string, Meaning> Priority = Meanings("1|v3:ActPriority|EM|emergency; 2|v3:ActPriority|UR|urgent; 3|v3:ActPriority|EL|elective");
    /// <summary>0007 and 0092, whose codes are the same in FHIR.</summary>
    public static readonly FrozenDictionary<string, Meaning> AdmissionType = Meanings("A|v2:0007|A|Accident; E|v2:0007|E|Emergency; L|v2:0007|L|Labor and Delivery; R|v2:0007|R|Routine; N|v2:0007|N|Newborn (Birth in healthcare facility); U|v2:0007|U|Urgent; C|v2:0007|C|Elective");
    /// <inheritdoc cref="AdmissionType"/>
    public static readonly FrozenDictionary<string, Meaning> Readmission = Meanings("R|v2:0092|R|Re-admission");
    /// <summary>0276, and what SNOMED CT calls it.</summary>
    public static readonly FrozenDictionary<string, Meaning> AppointmentReason = Meanings("ROUTINE|v2:0276|ROUTINE|Routine appointment; WALKIN|v2:0276|WALKIN|A previously unscheduled walk-in visit; CHECKUP|v2:0276|CHECKUP|A routine check-up, such as an annual physical; FOLLOWUP|v2:0276|FOLLOWUP|A follow up visit from a previous appointment; EMERGENCY|v2:0276|EMERGENCY|Emergency appointment");
    /// <summary>0276 to SNOMED CT.</summary>
    public static readonly FrozenDictionary<string, Meaning> AppointmentReasonSnomed = Meanings("CHECKUP|http://snomed.info/sct|866149003|Annual visit; FOLLOWUP|http://snomed.info/sct|185389009|Follow-up visit; EMERGENCY|http://snomed.info/sct|373110003|Emergency procedure");
    /// <summary>0277.</summary>
    public static readonly FrozenDictionary<string, Meaning> AppointmentType = Meanings("Normal|v2:0277|Normal|Routine schedule request type; Tentative|v2:0277|Tentative|A request for a tentative appointment; Complete|v2:0277|Complete|A request to add a completed appointment");
    /// <summary>0131, contact role.</summary>
    public static readonly FrozenDictionary<string, Meaning> ContactRole = Meanings("E|v2:0131|E|Employer; C|v2:0131|C|Emergency Contact; F|v2:0131|F|Federal Agency; I|v2:0131|I|Insurance Company; N|v2:0131|N|Next-of-Kin; S|v2:0131|S|State Agency; O|v2:0131|O|Other; U|v2:0131|U|Unknown");
    /// <summary>0052 to diagnosis-role.</summary>
    public static readonly FrozenDictionary<string, Meaning> DiagnosisType = Meanings("A|http://terminology.hl7.org/CodeSystem/diagnosis-role|AD|Admission diagnosis");

    static readonly FrozenDictionary<string, string> Systems = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["LN"] = "http://loinc.org",
        ["SCT"] = "http://snomed.info/sct",
        ["SNM"] = "http://snomed.info/sct",
        ["SCTUSA"] = "http://snomed.info/sct",
        ["SNOMED"] = "http://snomed.info/sct",
        ["SNOMED-CT"] = "http://snomed.info/sct",
        ["SNOMEDCT"] = "http://snomed.info/sct",
        ["UCUM"] = "http://unitsofmeasure.org",
        ["I9"] = "http://hl7.org/fhir/sid/icd-9-cm",
        ["I9C"] = "http://hl7.org/fhir/sid/icd-9-cm",
        ["I9CDX"] = "http://hl7.org/fhir/sid/icd-9-cm",
        ["I9CP"] = "http://hl7.org/fhir/sid/icd-9-cm",
        ["ICD9"] = "http://hl7.org/fhir/sid/icd-9-cm",
        ["I10"] = "http://hl7.org/fhir/sid/icd-10",
        ["ICD10"] = "http://hl7.org/fhir/sid/icd-10",
        ["ICD-10"] = "http://hl7.org/fhir/sid/icd-10",
        ["I10C"] = "http://hl7.org/fhir/sid/icd-10-cm",
        ["ICD10CM"] = "http://hl7.org/fhir/sid/icd-10-cm",
        ["ICD-10-CM"] = "http://hl7.org/fhir/sid/icd-10-cm",
        ["I10P"] = "http://hl7.org/fhir/sid/icd-10-pcs",
        ["C4"] = "http://www.ama-assn.org/go/cpt",
        ["CPT"] = "http://www.ama-assn.org/go/cpt",
        ["CPTM"] = "http://www.ama-assn.org/go/cpt",
        ["CVX"] = "http://hl7.org/fhir/sid/cvx",
        ["MVX"] = "http://hl7.org/fhir/sid/mvx",
        ["NDC"] = "http://hl7.org/fhir/sid/ndc",
        ["RXNORM"] = "http://www.nlm.nih.gov/research/umls/rxnorm",
        ["ATC"] = "http://www.whocc.no/atc",
        ["WC"] = "http://www.whocc.no/atc",
        ["ICPC"] = "http://hl7.org/fhir/sid/icpc-1",
        ["IC2"] = "http://hl7.org/fhir/sid/icpc-2",
        ["UNII"] = "http://fdasis.nlm.nih.gov",
        ["ISO639"] = "urn:ietf:bcp:47",
        ["ISO639-1"] = "urn:ietf:bcp:47",
        ["BCP47"] = "urn:ietf:bcp:47",
        ["ISO3166_1"] = "urn:iso:std:iso:3166",
        ["ISO3166"] = "urn:iso:std:iso:3166",
        ["CDCREC"] = "urn:oid:2.16.840.1.113883.6.238",
        ["UB04FL14"] = "https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit",
        ["NUBC"] = "https://www.nubc.org/CodeSystem/PointOfOrigin",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The system of a name of table 0396; null for a local one, which has none that others would understand.</summary>
    public static string? SystemOf(string name)
    {
        if (name.Length == 0) return null;
        if (Systems.TryGetValue(name, out var known)) return known;
        if (name.StartsWith("HL7", StringComparison.OrdinalIgnoreCase) && name[3..].TrimStart('-', '_') is { Length: 4 } table && table.All(char.IsAsciiDigit)) return V2 + table;
        if (Uri.TryCreate(name, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" or "urn") return name;
        if (Namespaces.IsOid(name)) return $"urn:oid:{name}";
        return name is "L" or "l" || name.StartsWith("99", StringComparison.Ordinal) ? null : Namespaces.Named(name);
    }

    /// <summary>The system of the codes of a table, such as 0203.</summary>
    public static string TableOf(string number) => V2 + number;
}
