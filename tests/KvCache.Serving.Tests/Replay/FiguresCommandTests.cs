using System.Globalization;
using System.Xml.Linq;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>The command <c>replay figures</c>: what lies in docs/results is what the code gives.</summary>
public sealed class FiguresCommandTests : IDisposable
{
    private const string Figure = "layerkv-context-llama-2-7b";
    private readonly ReplayFolder _folder = new();

    /// <summary>Two of the points, one where nothing moves and one where layers do, to the last digit.</summary>
    [Fact]
    public void Points_are_those_that_lie_in_the_repository()
    {
        string path = Path.Combine(Repository() ?? "", "docs", "results", $"{Figure}.csv");
        Assert.SkipUnless(File.Exists(path), $"There is no docs/results/{Figure}.csv.");
        Draw("--only", Figure, "--contexts", "512,1536");
        string[] expected = [.. File.ReadLines(path).Where(static line => line.Contains(",context,512,", StringComparison.Ordinal) || line.Contains(",context,1536,", StringComparison.Ordinal))];
        Assert.Equal(4, expected.Length);
        Assert.Equal(expected, _folder.Read($"{Figure}.csv").TrimEnd().Split('\n').Skip(1));
        XElement plot = XDocument.Parse(_folder.Read($"{Figure}.svg")).Root!;
        Assert.Contains("Time to first token, mean (s)", plot.Value);
        Assert.Contains("Llama-2-7B on L20", plot.Elements().First().Value);
    }

    /// <summary>What layer-wise offload is for, over the figure in the repository: nobody waits longer, at some context many times shorter, and fewer objectives are missed.</summary>
    [Fact]
    public void Layer_wise_offload_answers_sooner_and_misses_fewer_objectives()
    {
        string path = Path.Combine(Repository() ?? "", "docs", "results", $"{Figure}.csv");
        Assert.SkipUnless(File.Exists(path), $"There is no docs/results/{Figure}.csv.");
        Dictionary<(string X, string Line), Dictionary<string, double>> points = Points(path);
        string[] places = [.. points.Keys.Select(static key => key.X).Distinct()];
        double Ratio(string x, string figure) => points[(x, "layer-wise")][figure] / points[(x, "paged")][figure];
        Assert.All(places, x => Assert.InRange(Ratio(x, "ttft_mean_s"), 0, 1.03));
        Assert.Contains(places, x => Ratio(x, "ttft_mean_s") <= 1 / 11.0 && Ratio(x, "output_tokens_per_s") > 0.97);
        Assert.Contains(places, x => points[(x, "paged")]["violations"] - points[(x, "layer-wise")]["violations"] >= 0.177);
    }

    [Theory]
    [InlineData("layerkv --contexts 5,5", "--contexts takes different whole numbers")]
    [InlineData("layerkv --contexts 40000", "--contexts takes different whole numbers")]
    [InlineData("layerkv --only nothing", "--only nothing")]
    [InlineData("vtensor", "vtensor")]
    public void What_it_cannot_draw_it_says(string arguments, string part)
    {
        (int exitCode, _, string error) = ReplayFolder.Run(["figures", .. arguments.Split(' ')]);
        Assert.Equal(2, exitCode);
        Assert.Contains(part, error);
    }

    public void Dispose() => _folder.Dispose();

    private void Draw(params string[] arguments)
    {
        (int exitCode, _, string error) = ReplayFolder.Run(["figures", "layerkv", "--out", _folder.PathOf("."), .. arguments]);
        Assert.True(exitCode == 0, error);
    }

    private static Dictionary<(string X, string Line), Dictionary<string, double>> Points(string path)
    {
        string[][] rows = [.. File.ReadLines(path).Select(static line => line.Split(','))];
        int x = Array.IndexOf(rows[0], "x");
        int line = Array.IndexOf(rows[0], "line");
        int first = Array.IndexOf(rows[0], "seeds");
        return rows.Skip(1).ToDictionary(
            row => (row[x], row[line]),
            row => Enumerable.Range(first, row.Length - first).ToDictionary(i => rows[0][i], i => double.Parse(row[i], CultureInfo.InvariantCulture)));
    }

    private static string? Repository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "KvCache.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}
