return await Tervik.Cli.Create().Parse(args).InvokeAsync();
