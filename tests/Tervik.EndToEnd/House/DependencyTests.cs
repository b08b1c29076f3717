using System.Reflection;

namespace Tervik.EndToEnd.House;

public sealed class DependencyTests
{
    /// <summary>Rooms from the ground up; each may know only those before it.</summary>
    static readonly string[] Rooms = ["Tervik.Storage", "Tervik.Records", "Tervik.Demo", "Tervik.Trust", "Tervik.Care", "Tervik.Portal", "Tervik.DemoPortal", "tervik"];

    [Fact]
    public void References_between_rooms_go_one_way()
    {
        for (var room = 0; room < Rooms.Length; room++)
        {
            var known = Assembly.Load(Rooms[room]).GetReferencedAssemblies().Select(reference => reference.Name).Where(Rooms.Contains).ToList();
            Assert.All(known, name => Assert.True(Array.IndexOf(Rooms, name) < room, $"{Rooms[room]} knows {name}."));
        }
    }

    [Fact]
    public void The_product_has_no_library_that_only_tests_may_have()
    {
        foreach (var room in Rooms)
            Assert.DoesNotContain(Assembly.Load(room).GetReferencedAssemblies(), reference => reference.Name!.StartsWith("Hl7.", StringComparison.Ordinal) || reference.Name.StartsWith("xunit", StringComparison.Ordinal));
    }
}
