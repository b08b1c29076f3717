using System.Globalization;

// Numbers in keys, queries and documents have one form, whatever the operator's locale: Estonian, for one, has a minus sign of its own.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return await Tervik.Cli.Create().Parse(args).InvokeAsync();
