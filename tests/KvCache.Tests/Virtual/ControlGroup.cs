using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>A control group of Linux below this process's own, to count and to limit memory: what is allocated in it counts there until it is freed.</summary>
internal sealed class ControlGroup : IDisposable
{
    private readonly string _parent;
    private readonly string _own;
    private readonly string _limit;
    private readonly string _usage;

    private ControlGroup(string parent, string own, string limit, string usage)
    {
        _parent = parent;
        _own = own;
        _limit = Path.Combine(own, limit);
        _usage = Path.Combine(own, usage);
    }

    public long UsedBytes => long.Parse(File.ReadAllText(_usage), CultureInfo.InvariantCulture);

    public long LimitBytes
    {
        set => File.WriteAllText(_limit, value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Makes one, or skips the test where the system has none or this user may not.</summary>
    public static ControlGroup CreateOrSkip()
    {
        ControlGroup? group = null;
        string reason = "The system has no control groups for memory where they are looked for.";
        try
        {
            group = TryCreate();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reason = $"No control group can be made here: {exception.Message}";
        }

        Assert.SkipWhen(group is null, reason);
        return group;
    }

    /// <summary>Does something while this process is in the group.</summary>
    public void Within(Action act)
    {
        Enter(_own);
        try
        {
            act();
        }
        finally
        {
            Enter(_parent);
        }
    }

    /// <summary>Whether a new process of the group can use so many bytes of memory; the system ends it where it cannot.</summary>
    public bool CanUse(long bytes)
    {
        // dd reads into a buffer of one block, which it has to touch.
        string[] arguments = ["-c", "echo $$ > \"$0\" && exec dd if=/dev/zero of=/dev/null count=1 bs=\"$1\" 2> /dev/null", Path.Combine(_own, "cgroup.procs"), $"{bytes}"];
        using Process process = Process.Start("/bin/sh", arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode is 0 or 137, $"dd ended with {process.ExitCode}.");
        return process.ExitCode == 0;
    }

    public void Dispose() => Directory.Delete(_own);

    private static ControlGroup? TryCreate()
    {
        foreach ((string marker, string root, string limit, string usage) in (ReadOnlySpan<(string, string, string, string)>)
            [(":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"), ("0::", "/sys/fs/cgroup", "memory.max", "memory.current")])
        {
            string? line = File.ReadLines("/proc/self/cgroup").FirstOrDefault(line => line.Contains(marker, StringComparison.Ordinal));
            string parent = root + line?[(line.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..];
            if (line is null || !File.Exists(Path.Combine(parent, "cgroup.procs")))
            {
                continue;
            }

            string own = Path.Combine(parent, $"kvcache-test-{Environment.ProcessId}");
            Directory.CreateDirectory(own);
            if (File.Exists(Path.Combine(own, limit)))
            {
                return new ControlGroup(parent, own, limit, usage);
            }

            Directory.Delete(own);
        }

        return null;
    }

    private static void Enter(string group) =>
        File.WriteAllText(Path.Combine(group, "cgroup.procs"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
}
