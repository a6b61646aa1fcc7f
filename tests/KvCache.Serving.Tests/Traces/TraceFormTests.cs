using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Traces;

/// <summary>Every form, recognised by its content, in the variants that files come in.</summary>
public sealed class TraceFormTests : IDisposable
{
    private readonly TemporaryFiles _files = new();

    [Theory]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805909,374,44\n2023-11-16 18:15:46.6805919,1,2\n2023-11-17 18:15:50.9951690,396,109", TraceForm.Azure)]
    [InlineData("\uFEFFTIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.680590,374,44\r\n2023-11-16T18:15:46.680591Z,1,2\r\n\r\n2023-11-17 18:15:50.995169,396,109\r\n\r\n", TraceForm.Azure)]
    [InlineData("GeneratedTokens, \"Model, or so\" ,ContextTokens,TIMESTAMP\n44,\"a \"\"b\"\"\nc\",374,2023-11-16 18:15:46.6805909+00:00\n\"2\",x,\"1\",\"2023-11-16 20:15:46.6805910+02:00\"\n109,,396.0,2023-11-17 18:15:50.9951690", TraceForm.Azure)]
    [InlineData("arrived_at,num_prefill_tokens,num_decode_tokens\n0,374,44\n0.000001,1,2\n86404.314579,396,109\n", TraceForm.Vidur)]
    [InlineData(",num_prefill_tokens,num_decode_tokens,arrived_at,pd_ratio\r\n0,374,44,0.0,8.5\r\n1,1.0,2.0,1.9999e-6,0.5\r\n2,396,109,8.64043145790e4,3.6\r\n", TraceForm.Vidur)]
    [InlineData("Arrived_At_S,input_tokens,output_tokens\n\n0.0000009,374,44\n0.0000010,1,2\n86404.314579999,396,109\n  \n", TraceForm.Lengths)]
    public void Arrivals_and_lengths_are_read(string text, TraceForm form)
    {
        using TraceReader reader = TraceReader.Open(_files.Write("trace", text));

        TraceRequest[] requests = [.. reader.ReadAll()];

        Assert.Equal(form, reader.Form);
        Assert.Equal(0, reader.BlockTokens);
        Assert.Equal([0, 1, 2], requests.Select(static request => request.Index));
        Assert.Equal([0, 1, 86_404_314_579], requests.Select(Microseconds));
        Assert.Equal([(374, 44), (1, 2), (396, 109)], requests.Select(static request => (request.PromptTokens, request.OutputTokens)));
        Assert.All(requests, static request => Assert.True(request.Blocks.IsEmpty));
    }

    [Fact]
    public void Block_ids_are_renumbered_from_0_and_keep_what_is_equal()
    {
        const string text =
            """{"timestamp": 0, "input_length": 1024, "output_length": 5, "hash_ids": [700, -7]}""" + "\n" +
            """{"timestamp": 46.9279, "input_length": 1100, "output_length": 0, "hash_ids": [700, 18446744073709551615, -7]}""" + "\n" +
            """{"timestamp_ms": 5e3, "input_length": 5000, "output_length": 1, "hash_ids": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}""" + "\n";
        using TraceReader reader = TraceReader.Open(_files.Write("trace", text));

        TraceRequest[] requests = [.. reader.ReadAll()];

        Assert.Equal((TraceForm.Mooncake, 512), (reader.Form, reader.BlockTokens));
        Assert.Equal([0, 46_927, 5_000_000], requests.Select(Microseconds));
        Assert.Equal([0, 1], requests[0].Blocks.ToArray());
        Assert.Equal([0, 2, 1], requests[1].Blocks.ToArray());
        Assert.Equal(13, reader.DistinctBlocks);
        Assert.All(requests, static request => Assert.Equal(512, request.BlockTokens));
    }

    [Fact]
    public void A_trace_is_read_once_from_a_pipe_too()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Pipes have no path here.");
        }

        using System.IO.Pipes.AnonymousPipeServerStream pipe = new(System.IO.Pipes.PipeDirection.Out);
        pipe.Write("arrived_at_s,input_tokens,output_tokens\n1.5,3,4\n"u8);
        using TraceReader reader = TraceReader.Open($"/proc/self/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}");
        pipe.Dispose();

        Assert.Equal(1_500_000, Microseconds(Assert.Single(reader.ReadAll())));
        Assert.False(reader.CanRepeat);
        Assert.Equal(0, reader.Progress);
    }

    [Theory]
    [InlineData("azure2023/AzureLLMInferenceTrace_conv.csv", TraceForm.Azure, 0, 19_366, 1154.7, 211.1, 3_501.7)]
    [InlineData("azure2023/AzureLLMInferenceTrace_code.csv", TraceForm.Azure, 0, 8_819, 2047.8, 27.9, 3_435.9)]
    [InlineData("sharegpt/sharegpt-llama-3.1-8b-300-sps10.lengths.csv", TraceForm.Lengths, 0, 300, 0, 0, 0)]
    [InlineData("sharegpt/sharegpt-llama-3.1-8b-300-sps10.blocks16.jsonl", TraceForm.Mooncake, 16, 300, 0, 0, 0)]
    [InlineData("mooncake/conversation_trace.jsonl", TraceForm.Mooncake, 512, 12_031, 12_035.0, 342.6, 3_536.999)]
    public void Published_traces_are_what_their_description_says(
        string name, TraceForm form, int blockTokens, int rows, double meanPrompt, double meanOutput, double seconds)
    {
        using TraceReader reader = TraceReader.Open(SharedFiles.Find($"traces/{name}"));

        TraceRequest[] requests = [.. reader.ReadAll()];

        Assert.Equal((form, blockTokens), (reader.Form, reader.BlockTokens));
        Assert.Equal(rows, requests.Length);
        Assert.Equal(1, reader.Progress);
        if (seconds > 0)
        {
            Assert.Equal(meanPrompt, requests.Average(static request => request.PromptTokens), 0.1);
            Assert.Equal(meanOutput, requests.Average(static request => request.OutputTokens), 0.1);
            Assert.Equal(seconds, requests[^1].Arrival.TotalSeconds, 1.0);
        }
    }

    public void Dispose() => _files.Dispose();

    private static long Microseconds(TraceRequest request) => request.Arrival.Ticks / TimeSpan.TicksPerMicrosecond;
}
