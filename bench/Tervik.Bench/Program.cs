using Tervik.Bench;

return args switch
{
    [_, "--help" or "-h", ..] or [] or ["--help" or "-h"] => Usage(),
    ["record", .. var options] => await RecordBench.Run(options),
    ["crash", .. var options] => await CrashBench.Run(options),
    ["bare", var address, var file] => await Bare.Serve(address, file),
    _ => Unknown(),
};

static int Unknown()
{
    Usage();
    return 64;
}

static int Usage()
{
    Console.WriteLine("""
        ./tervik bench record [--resources N] [--seconds S] [--database "Host=…"] [--json FILE]
            throughput of the record over HTTP with audit, beside a bare server that sends the same bytes, in the same run
        ./tervik bench crash [--kills N] [--database "Host=…"]
            kill -9 during a mixed load; what was acknowledged is held against the store afterwards
        """);
    return 0;
}
