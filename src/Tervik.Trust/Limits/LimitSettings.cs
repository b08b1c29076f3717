namespace Tervik.Trust.Limits;

/// <summary>How much one account, application or network may ask for. Wide enough that nobody who works meets them; an account that somebody stole does.</summary>
public sealed record LimitSettings
{
    /// <summary>Requests of a person in a second; twenty times as many at once.</summary>
    public int RequestsOfAccount { get; init; } = 100;
    /// <summary>Requests in a second of all who come through one application, or of a program that asks for itself.</summary>
    public int RequestsOfApplication { get; init; } = 1000;
    /// <summary>Requests in a second of one network: a whole hospital may stand behind one address.</summary>
    public int RequestsOfAddress { get; init; } = 2000;
    /// <summary>Attempts to sign in, or to get a token, in a minute from one network.</summary>
    public int SignInsOfAddress { get; init; } = 60;
    /// <summary>Different patients of whom a professional is given something in an hour.</summary>
    public int PatientsPerHour { get; init; } = 500;
    /// <summary>The same where they have a role in emergency care.</summary>
    public int PatientsPerHourInEmergency { get; init; } = 2000;
    /// <summary>The same of a program that asks for itself.</summary>
    public int PatientsPerHourOfProgram { get; init; } = 100_000;
}
