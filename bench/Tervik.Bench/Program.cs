using Tervik.Bench;

return args switch
{
    ["record", .. var options] => await RecordBench.Run(options),
    ["bare", var address, var file] => await Bare.Serve(address, file),
    _ => Usage(),
};

static int Usage()
{
    Console.WriteLine("""
        ./tervik bench record [--resources N] [--seconds S] [--database "Host=…"] [--json FILE]
            throughput of the record over HTTP with audit, beside a bare server that sends the same bytes, in the same run
        """);
    return 64;
}
