using KvCache.Serving.Text;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Traces;

/// <summary>A line that is no request is refused with its place and with what was expected there.</summary>
public sealed class BadTraceTests : IDisposable
{
    private const string Azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n";
    private const string Lengths = "arrived_at_s,input_tokens,output_tokens\n1,374,44\n";
    private const string Mooncake = """{"timestamp": 5, "input_length": 1024, "output_length": 5, "hash_ids": [1, 2]}""" + "\n";
    private readonly TemporaryFiles _files = new();

    [Theory]
    [InlineData("", 1, "at least one request")]
    [InlineData("\n\r\n", 3, "at least one request")]
    [InlineData("arrived_at_s,input_tokens,output_tokens\n", 2, "at least one request")]
    [InlineData("time,in,out\n1,2,3\n", 1, "a header with TIMESTAMP,ContextTokens,GeneratedTokens or")]
    [InlineData("\n# a comment\n", 2, "found '# a comment'")]
    [InlineData("arrived_at_s,input_tokens,arrived_at_s,output_tokens\n1,2,3,4\n", 1, "one column arrived_at_s")]
    [InlineData(Azure + "2023-11-16,374,44\n", 3, "a date like 2023-11-16 18:15:46.6805900 as TIMESTAMP, found '2023-11-16'")]
    [InlineData(Azure + "16.11.2023 18:15:46,374,44\n", 3, "a date")]
    [InlineData(Azure + "2023-11-16 18:15:46.68059001,374,44\n", 3, "a date")]
    [InlineData(Azure + "2023-11-16 18:15:46.6805899,374,44\n", 3, "no TIMESTAMP before the first")]
    [InlineData(Azure + "\n\n2023-11-16 18:15:47,374,-1\n", 5, "a whole number from 0 to 2147483591 as GeneratedTokens, found '-1'")]
    [InlineData(Azure + "2023-11-16 18:15:47,,1\n", 3, "ContextTokens, found ''")]
    [InlineData(Azure + "2023-11-16 18:15:47,1.5,1\n", 3, "ContextTokens, found '1.5'")]
    [InlineData(Azure + "2023-11-16 18:15:47,1,3000000000\n", 3, "GeneratedTokens, found '3000000000'")]
    [InlineData(Azure + "2023-11-16 18:15:47,1\n", 3, "3 fields, as in the header, found 2")]
    [InlineData(Azure + "2023-11-16 18:15:47,1,2,3\n", 3, "3 fields, as in the header, found 4")]
    [InlineData(Lengths + "\"2\"x,1,1\n", 3, "a comma or the end of the line behind a quoted field")]
    [InlineData(Lengths + "\"2,1,1\n", 4, "a quote at the end of a quoted field")]
    [InlineData(Lengths + "-1,1,1\n", 3, "a number of seconds from 0 as arrived_at_s, found '-1'")]
    [InlineData(Lengths + "soon,1,1\n", 3, "found 'soon'")]
    [InlineData(Lengths + "1e27,1,1\n", 3, "found '1e27'")]
    [InlineData(Lengths + "NaN,1,1\n", 3, "found 'NaN'")]
    [InlineData(Lengths + "0.5,1,1\n", 3, "no arrival before that of the line before, 1 s, found 0.5 s")]
    [InlineData(Mooncake + "{", 2, "one JSON object")]
    [InlineData(Mooncake + """{"timestamp": -1, "input_length": 1, "output_length": 1, "hash_ids": []}""", 2, "a number of milliseconds from 0 as timestamp")]
    [InlineData(Mooncake + """{"timestamp": 4, "input_length": 512, "output_length": 1, "hash_ids": [1]}""", 2, "no arrival before")]
    [InlineData(Mooncake + """{"timestamp": 9, "input_length": 512, "output_length": 1, "hash_ids": [1, 2, 3, 4]}""", 2, "as many hash_ids for 512 tokens as one size of block gives for all lines so far, found 4")]
    public void A_bad_line_is_named(string text, int line, string expected)
    {
        string path = _files.Write("trace", text);

        MalformedFileException exception = Assert.Throws<MalformedFileException>(() => Read(path));

        Assert.StartsWith($"{path}:{line}: expected ", exception.Message);
        Assert.Contains(expected, exception.Message);
        Assert.Equal((path, line), (exception.File, exception.Line));
    }

    [Fact]
    public void A_size_of_block_that_was_given_is_insisted_on()
    {
        string path = _files.Write("trace", Mooncake);

        MalformedFileException exception = Assert.Throws<MalformedFileException>(() => Read(path, blockTokens: 100));

        Assert.Contains("10 or 11 hash_ids for 1024 tokens in blocks of 100, found 2", exception.Message);
    }

    [Fact]
    public void A_size_of_block_that_was_found_out_holds_for_later_lines()
    {
        string text = string.Concat(Enumerable.Repeat(Mooncake, 300)) + """{"timestamp": 9, "input_length": 512, "output_length": 1, "hash_ids": [1, 2, 3]}""";

        MalformedFileException exception = Assert.Throws<MalformedFileException>(() => Read(_files.Write("trace", text)));

        Assert.Equal(301, exception.Line);
        Assert.Contains("1 hash_ids for 512 tokens in blocks of 512, found 3", exception.Message);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_named()
    {
        Assert.Contains("expected a trace file that can be read", Assert.Throws<MalformedFileException>(() => Read(_files.Folder)).Message);
        Assert.Contains("expected a trace file that can be read", Assert.Throws<MalformedFileException>(() => Read(Path.Combine(_files.Folder, "none"))).Message);
    }

    public void Dispose() => _files.Dispose();

    private static int Read(string path, int blockTokens = 0)
    {
        using TraceReader reader = TraceReader.Open(path, blockTokens);
        return reader.ReadAll().Count();
    }
}
