using System.Text;

namespace Replay.Prefixes;

/// <summary>The hits of every request as CSV.</summary>
internal sealed class RequestsCsv : IDisposable
{
    private readonly StreamWriter _writer;

    public RequestsCsv(Stream stream)
    {
        _writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        _writer.WriteLine("request_index,hit_tokens");
    }

    public void Add(long requestIndex, int hitTokens) => _writer.WriteLine($"{requestIndex},{hitTokens}");

    public void Dispose() => _writer.Dispose();
}
