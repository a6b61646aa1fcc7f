using System.CommandLine;
using KvCache.Serving.Traces;
using Replay.Serving;

namespace Replay.CommandLine;

/// <summary>The options that say what is served: a trace, or requests made up.</summary>
internal sealed class LoadOptions
{
    private readonly Option<string?> _trace = new("--trace")
    {
        Description =
            "A trace: Mooncake's JSON lines, or CSV with TIMESTAMP,ContextTokens,GeneratedTokens (Azure), with " +
            "arrived_at,num_prefill_tokens,num_decode_tokens (Vidur, vAttention) or with arrived_at_s,input_tokens,output_tokens.",
        HelpName = "FILE",
    };

    private readonly Option<int> _first = OptionValues.Count("--first", "Serve so many requests of the trace only.", "N");

    private readonly Option<decimal> _rateScale = OptionValues.Number(
        "--rate-scale", "Divide the trace's arrival times by this, in whole microseconds.", "X");

    private readonly Option<int> _traceBlockTokens = OptionValues.Count(
        "--trace-block-tokens", "Tokens that one block id of the trace stands for. [default: found out]", "N");

    private readonly Option<int> _requests = OptionValues.Count("--requests", "Make up so many requests.", "N");
    private readonly Option<decimal> _rate = OptionValues.Number("--rate", "Requests made up per second.", "R");
    private readonly Option<int> _input = OptionValues.Count("--input", "Tokens of each prompt made up.", "N");
    private readonly Option<int> _output = OptionValues.Count("--output", "Tokens of each answer made up.", "N");

    private readonly Option<string> _arrivals = OptionValues.Choice(
        "--arrivals", "Whether requests made up arrive independently, or at equal gaps.", ["poisson", "constant"]);

    private readonly Option<int> _seed = new("--seed")
    {
        Description = "What the random numbers of requests made up begin from.",
        HelpName = "N",
        DefaultValueFactory = static _ => GeneratedLoad.DefaultSeed,
    };

    public LoadOptions(Command command)
    {
        foreach (Option option in (Option[])
            [_trace, _first, _rateScale, _traceBlockTokens, _requests, _rate, _input, _output, _arrivals, _seed])
        {
            command.Options.Add(option);
        }
    }

    public string? Trace(ParseResult parsed) => parsed.GetValue(_trace);

    /// <exception cref="ReplayException">Options contradict each other, or something is missing.</exception>
    public ILoad ToLoad(ParseResult parsed)
    {
        Option[] ofTrace = [_trace, _first, _rateScale, _traceBlockTokens];
        Option[] ofGenerator = [_requests, _rate, _input, _output];
        bool IsGiven(Option option) => parsed.GetResult(option) is not null;
        if (IsGiven(_trace))
        {
            return ofGenerator.FirstOrDefault(IsGiven) is { } other
                ? throw new ReplayException($"Expected --trace or {other.Name}, found both.")
                : ToTrace(parsed);
        }

        if (ofGenerator.FirstOrDefault(option => !IsGiven(option)) is { } missing)
        {
            throw new ReplayException(ofGenerator.Any(IsGiven)
                ? $"Expected {missing.Name} too, where requests are made up."
                : "Expected --trace, or --requests, --rate, --input and --output.");
        }

        return ofTrace.FirstOrDefault(IsGiven) is { } unused
            ? throw new ReplayException($"Expected {unused.Name} only where there is a --trace.")
            : ToGenerated(parsed);
    }

    private TraceLoad ToTrace(ParseResult parsed) => new(
        parsed.GetRequiredValue(_trace)!,
        parsed.GetResult(_traceBlockTokens) is null ? 0 : parsed.GetValue(_traceBlockTokens),
        parsed.GetResult(_first) is null ? int.MaxValue : parsed.GetValue(_first),
        parsed.GetResult(_rateScale) is null ? 1 : parsed.GetValue(_rateScale));

    private GeneratedLoad ToGenerated(ParseResult parsed)
    {
        double rate = (double)parsed.GetValue(_rate);
        int requests = parsed.GetValue(_requests);
        string arrivals = parsed.GetRequiredValue(_arrivals);
        int input = parsed.GetValue(_input);
        int output = parsed.GetValue(_output);
        return new GeneratedLoad(
            new WorkloadOptions
            {
                Requests = requests,
                Arrivals = arrivals == "poisson" ? ArrivalProcess.Poisson(rate) : ArrivalProcess.Constant(rate),
                PromptTokens = LengthDistribution.Fixed(input),
                OutputTokens = LengthDistribution.Fixed(output),
                Seed = parsed.GetValue(_seed),
            },
            $"{requests:N0} requests of {input:N0} tokens and {output:N0} to generate, {rate} a second, {arrivals} arrivals, seed {parsed.GetValue(_seed)}");
    }
}
