using Tervik.Bench;

return args switch
{
    [_, "--help" or "-h", ..] or [] or ["--help" or "-h"] => Usage(),
    ["record", .. var options] => await RecordBench.Run(options),
    ["crash", .. var options] => await CrashBench.Run(options),
    ["audit", .. var options] => await AuditBench.Run(options),
    ["revocation", .. var options] => await RevocationBench.Run(options),
    ["authz", .. var options] => await AuthzBench.Run(options),
    ["booking", .. var options] => await BookingBench.Run(options),
    ["clinic", .. var options] => await ClinicBench.Run(options),
    ["keys", .. var options] => await KeysBench.Run(options),
    ["portal", .. var options] => await PortalBench.Run(options),
    ["portal-stub", var address, var folder] => await PortalBench.ServeStubbed(address, folder),
    ["bare", var address, var file] => await Bare.Serve(address, file),
    ["unaudited", var address, var database] => await Unaudited.Serve(address, database),
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
        ./tervik bench record [--resources N] [--seconds S] [--engine sqlite|postgresql] [--synthea DIR] [--json FILE]
            throughput of the record over HTTP with audit, beside a bare server that sends the same bytes, in the same run
        ./tervik bench record --beside PROGRAM [--rounds N] [--seconds S] [--json FILE]
            the same of two builds on the same data, in turns: PROGRAM is the published program of another one
        ./tervik bench crash [--kills N] [--engine sqlite|postgresql]
            kill -9 during a mixed load; what was acknowledged is held against the store afterwards

        ./tervik bench audit [--events N] [--kills N] [--complete N] [--engine sqlite|postgresql] [--json FILE]
            the log of accesses written, sealed, checked and proven, beside the hashes alone; then kill -9 while clients read, and every answer held against the log;
            --complete: N requests on many ways by clients that count of which patients they received anything, held against each patient's log

        ./tervik bench revocation [--times N] [--engine sqlite|postgresql] [--json FILE]
            how soon a closed record, an ended proxy, a revoked token and a left session are gone on every path, while others read

        ./tervik bench authz [--cases N] [--seed S] [--pairs N] [--named] [--json FILE] [--program FILE]
            the authorization matrix: generated requests of every kind of principal, each answer held against an oracle written from docs/access.md alone

        ./tervik bench booking [--clients N] [--seconds S] [--kills N] [--engine sqlite|postgresql] [--json FILE]
            many clients book the same times and each their own, in the process and over HTTP with the log of accesses, beside a bare insert with a unique key;
            then kill -9 while they book and cancel; what they were told is held against the record and the calendars

        ./tervik bench clinic [--practitioners N] [--appointments N] [--seconds S] [--json FILE]
            time of every page of appointments for a hospital of 200 practitioners with 50,000 appointments in a month

        ./tervik bench keys [--resources N] [--seconds S] [--rounds N] [--data-keys N] [--json FILE]
            the same record plain and encrypted at rest, asked in turns; and a rotation of the institution key

        ./tervik bench portal [--patients N] [--seed S] [--seconds S] [--only TEXT] [--data DIR] [--json FILE]
            time of every page for the longest record of a demo nation, beside the same page with the store's reads stubbed out; DIR keeps the nation for the next run

        --engine postgresql starts a private cluster with fsync on; --database "Host=…" takes an empty database of yours instead.
        """);
    return 0;
}
