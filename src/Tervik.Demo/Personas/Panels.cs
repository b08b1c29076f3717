using Tervik.Demo.Lives;
using Tervik.Demo.People;

namespace Tervik.Demo.Personas;

/// <summary>The first patients after the personas are those whom the professionals of the tour see today, so that each of them has a full day in the smallest nation.</summary>
static class Panels
{
    /// <summary>Patients of each.</summary>
    const int Each = 5;
    public static int Size => Each * Cast.Professionals.Length;

    static readonly double[] Hours = [8.5, 9.25, 10, 10.75, 13];

    /// <summary>Illnesses of their patients, and how old these are.</summary>
    static readonly Dictionary<string, (int From, int To, string[][] Illnesses)> Fields = new()
    {
        ["holm"] = (3, 88, [[], ["hypertension"], [], ["asthma"], ["osteoarthritis"]]),
        ["han"] = (20, 85, [["hypertension"], [], ["t2d"], ["reflux"], []]),
        ["kuusk"] = (30, 76, [["t2d"], ["hypothyroid"], ["t1d"], ["t2d", "hypertension"], ["hypothyroid"]]),
        ["vaher"] = (48, 79, [["breast"], ["colon"], ["prostate"], ["breast"], ["colon"]]),
        ["lund"] = (56, 86, [["hf"], ["ihd", "hypertension"], ["hf", "t2d"], ["af"], ["mi"]]),
        ["brandt"] = (18, 62, [["depression"], ["anxiety"], ["depression", "insomnia"], ["depression"], ["anxiety"]]),
        ["bek"] = (48, 82, [["ckd"], ["ckd", "hypertension"], ["ckd", "t2d"], ["ckd"], ["ckd", "gout"]]),
        ["krogh"] = (23, 38, [[], [], [], [], []]),
        ["yoon"] = (50, 84, [["af"], ["ihd"], ["hf"], ["mi"], ["af", "hypertension"]]),
    };

    /// <summary>Who the patient at this place of all panels is.</summary>
    public static (Country Country, bool IsFemale, double Age, Shape Shape) Place(int place, Dice dice)
    {
        var (round, at) = Math.DivRem(place, Cast.Professionals.Length);
        var professional = Cast.Professionals[at];
        var (from, to, illnesses) = Fields[professional.Id];
        var isMidwife = professional.Profession == Institutions.Profession.Midwife;
        var isFemale = isMidwife || illnesses[round] is ["breast", ..] || (illnesses[round] is not ["prostate", ..] && dice.Chance(0.5));
        var isGeneral = professional.Specialty == Institutions.Specialty.General;
        return (professional.Country, isFemale, from + dice.Roll() * (to - from), new()
        {
            Had = [.. illnesses[round].Select((illness, i) => (illness, i == 0 ? (Illnesses.Illness.Of(illness).Passes ? 0.15 + dice.Roll() * 0.4 : 0.6 + dice.Roll() * 5) : 3 + dice.Roll() * 6))],
            Doctor = isGeneral ? professional.Id : null, Team = isGeneral ? [] : [(professional.Specialty.Key, professional.Id)],
            WeeksPregnant = isMidwife ? dice.Between(12, 37) : null, Today = (professional.Id, Hours[round]),
        });
    }
}
