namespace Tervik.Demo.People;

/// <summary>What differs between the three countries of the nation.</summary>
/// <param name="Code">ISO 3166.</param>
/// <param name="Language">Of its notes and messages.</param>
/// <param name="Hospital">Id of its hospital.</param>
/// <param name="Offset">Hours ahead of UTC in winter.</param>
/// <param name="HasSummerTime">By the rule of the European Union.</param>
/// <param name="NationalId">System of the national identifier.</param>
/// <param name="PhonePrefix">Of mobile telephones.</param>
/// <param name="Cities">With their postal codes and where their middle is (WGS 84); the first is the hospital's.</param>
/// <param name="Streets">Without numbers.</param>
/// <param name="Families">Family names.</param>
/// <param name="Women">Given names.</param>
/// <param name="Men">Given names.</param>
sealed record Country(string Code, string Language, string Hospital, int Offset, bool HasSummerTime, string NationalId, string PhonePrefix,
    (string City, string Postal, decimal Latitude, decimal Longitude)[] Cities, string[] Streets, Name[] Families, Name[] Women, Name[] Men)
{
    public static readonly Country Estonia = new("EE", "et", "tartu", 2, true, "https://fhir.ee/sid/pid/est/ni", "+372 5",
        [("Tartu", "51007", 58.378m, 26.729m), ("Elva", "61507", 58.2225m, 26.4211m), ("Põlva", "63308", 58.0603m, 27.0694m), ("Viljandi", "71020", 58.3639m, 25.59m), ("Võru", "65608", 57.8339m, 27.0194m), ("Jõgeva", "48307", 58.7467m, 26.3939m)],
        ["Riia", "Kalevi", "Vanemuise", "Tähe", "Kastani", "Jakobi", "Lai", "Aia", "Pikk", "Kesk"],
        Names("Mägi Sepp Tooming Ilves Pärn Kukk Koppel Oja Raud Lepik Lang Nurk Paju Luik Kivi Laur Toom Allik Kallas Uibo Pihlak Roos Tali"),
        Names("Anu Katrin Piret Kadri Maarja Liina Helena Triin Kersti Ene Tiina Marika Laura Kertu Signe Elina Malle Aino Hilja Grete Johanna Mia"),
        Names("Andres Margus Rein Tõnu Peeter Martin Kristjan Siim Raivo Urmas Toomas Indrek Priit Kaarel Mihkel Rasmus Hugo Villem Ants Oskar Sander Karl"));

    public static readonly Country Denmark = new("DK", "da", "copenhagen", 1, true, "urn:oid:1.2.208.176.1.2", "+45 ",
        [("København", "2100", 55.6761m, 12.5683m), ("Frederiksberg", "2000", 55.6786m, 12.5322m), ("Hvidovre", "2650", 55.6572m, 12.4736m), ("Roskilde", "4000", 55.6419m, 12.0878m), ("Helsingør", "3000", 56.0361m, 12.6136m), ("Køge", "4600", 55.458m, 12.1821m)],
        ["Østerbrogade", "Nørre Allé", "Strandvejen", "Søndergade", "Kirkevej", "Birkevej", "Engvej", "Skolegade", "Rosenvej", "Havnegade"],
        Names("Nielsen Jensen Hansen Pedersen Andersen Christensen Larsen Sørensen Rasmussen Madsen Kristensen Olsen Thomsen Møller Poulsen Johansen Knudsen Mortensen Winther Berg Schmidt Vestergaard Bruun Frandsen"),
        Names("Anne Kirsten Mette Hanne Helle Susanne Lene Maria Emma Freja Sofie Ida Clara Karen Inge Birthe Louise Camilla Pia Astrid Alma Nanna"),
        Names("Peter Jens Lars Michael Henrik Thomas Søren Jan Christian Martin Niels Anders Mads Rasmus Mikkel Frederik Emil Noah Oscar Viggo Kaj Poul"));

    public static readonly Country Korea = new("KR", "ko", "seoul", 9, false, "urn:tervik:demo:kr-resident-number", "+82 10-",
        [("서울", "03080", 37.5665m, 126.978m), ("수원", "16488", 37.2636m, 127.0286m), ("인천", "21554", 37.4563m, 126.7052m), ("성남", "13590", 37.42m, 127.1267m), ("고양", "10408", 37.6584m, 126.832m), ("안양", "13911", 37.3943m, 126.9568m)],
        ["대학로", "종로", "세종대로", "강남대로", "퇴계로", "을지로", "효원로", "중앙로", "평화로", "시민대로"],
        Pairs("김 Kim,이 Lee,박 Park,최 Choi,정 Jung,강 Kang,조 Cho,윤 Yoon,장 Jang,임 Lim,한 Han,오 Oh,서 Seo,신 Shin,권 Kwon,황 Hwang,안 Ahn,송 Song,류 Ryu,홍 Hong"),
        Pairs("서연 Seoyeon,지우 Jiwoo,민서 Minseo,하은 Haeun,수빈 Subin,지민 Jimin,은정 Eunjung,미경 Mikyung,영숙 Youngsook,순자 Soonja,혜진 Hyejin,유진 Yujin,현주 Hyunju,정희 Junghee,다은 Daeun,소영 Soyoung"),
        Pairs("민준 Minjun,서준 Seojun,도윤 Doyun,지훈 Jihoon,성호 Sungho,영수 Youngsoo,정호 Jungho,동현 Donghyun,준서 Junseo,현우 Hyunwoo,상철 Sangchul,영호 Youngho,태영 Taeyoung,재현 Jaehyun,진우 Jinwoo,경수 Kyungsoo"));

    public static readonly Country[] All = [Estonia, Denmark, Korea];

    static Name[] Names(string names) => [.. names.Split(' ').Select(name => new Name(name))];
    static Name[] Pairs(string names) => [.. names.Split(',').Select(pair => pair.Split(' ')).Select(pair => new Name(pair[0], pair[1]))];

    /// <summary>A time of the clock on the wall there.</summary>
    public DateTimeOffset At(DateOnly day, double hour) => At(day.ToDateTime(TimeOnly.MinValue).AddMinutes(Math.Round(hour * 60)));

    /// <summary>The same of a local time.</summary>
    public DateTimeOffset At(DateTime local) => new(DateTime.SpecifyKind(local, DateTimeKind.Unspecified), TimeSpan.FromHours(Offset + (HasSummerTime && IsSummer(local) ? 1 : 0)));

    // From the last Sunday of March to the last Sunday of October; the hour of the night does not matter, nobody is seen then.
    static bool IsSummer(DateTime local) => local.Date >= LastSunday(local.Year, 3) && local.Date < LastSunday(local.Year, 10);

    static DateTime LastSunday(int year, int month)
    {
        var last = new DateTime(year, month, DateTime.DaysInMonth(year, month));
        return last.AddDays(-(int)last.DayOfWeek);
    }
}

/// <summary>A name, and how it is written in Latin letters where its own are others.</summary>
readonly record struct Name(string Own, string? Latin = null);
