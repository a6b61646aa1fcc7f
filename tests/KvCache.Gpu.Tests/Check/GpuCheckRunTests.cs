using System.Text.Json;
using KvCache.GpuCheck;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;
using Xunit;

namespace KvCache.Gpu.Tests.Check;

/// <summary>Runs of the check program on the CPU accelerator: what is wrong is said everywhere.</summary>
public sealed class GpuCheckRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpu-check-").FullName;
    private readonly StringWriter _output = new();

    [Fact]
    public void What_is_right_is_reported_in_both_files()
    {
        Assert.Equal(0, Run([new PlantedCheck("planted")]));

        Assert.Contains("Everything was correct.", _output.ToString(), StringComparison.Ordinal);
        string markdown = Read("gpu-check.md");
        Assert.Contains("| a | 7 | 0.1235 |  |", markdown, StringComparison.Ordinal);
        Assert.Contains("Everything was correct.", markdown, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(Read("gpu-check.json"));
        JsonElement row = json.RootElement.GetProperty("tables").GetProperty("planted")[0];
        Assert.Equal(0.123456, row.GetProperty("real").GetDouble());
        Assert.Equal(7, row.GetProperty("whole").GetInt32());
        Assert.Equal(JsonValueKind.Null, row.GetProperty("none").ValueKind);
        Assert.Empty(json.RootElement.GetProperty("failures").EnumerateArray());
    }

    [Fact]
    public void What_is_wrong_is_reported_in_both_files_and_by_the_code()
    {
        Assert.Equal(1, Run([new PlantedCheck("first"), new PlantedCheck("second", "7 of 9 are wrong")]));

        Assert.Contains("WRONG: 7 of 9 are wrong", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Everything was correct.", Read("gpu-check.md"), StringComparison.Ordinal);
        Assert.Contains("* 7 of 9 are wrong", Read("gpu-check.md"), StringComparison.Ordinal);
        Assert.Contains("7 of 9 are wrong", Read("gpu-check.json"), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_chosen_checks_run()
    {
        Assert.Equal(0, Run([new PlantedCheck("first", "wrong"), new PlantedCheck("second")], "SECOND"));

        Assert.DoesNotContain("first", Read("gpu-check.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_have_as_many_cells_as_columns()
    {
        CheckTable table = new("title", "one", "two");
        Assert.Contains("1 cells", Assert.Throws<ArgumentException>(() => table.Add(1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("append-correct")]
    [InlineData("page-copy")]
    public void The_real_checks_find_the_accelerator_correct(string name)
    {
        Assert.Equal(0, Run(GpuChecks.All, name));

        using JsonDocument json = JsonDocument.Parse(Read("gpu-check.json"));
        JsonProperty table = Assert.Single(json.RootElement.GetProperty("tables").EnumerateObject());
        Assert.True(table.Value.GetArrayLength() >= 3);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private int Run(IReadOnlyList<IGpuCheck> checks, params string[] only) => new GpuCheckRun(
        new GpuCheckOptions(GpuDeviceKind.CpuAccelerator, 0, List: false, Quick: true, only, _folder), checks, _output, TextWriter.Null).Run();

    private string Read(string file) => File.ReadAllText(Path.Combine(_folder, file));
}
