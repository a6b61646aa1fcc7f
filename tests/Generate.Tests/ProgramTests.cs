using Xunit;

namespace Generate.Tests;

public sealed class ProgramTests
{
    [Fact]
    public void The_sample_is_an_executable() => Assert.NotNull(typeof(Program).Assembly.EntryPoint);
}
