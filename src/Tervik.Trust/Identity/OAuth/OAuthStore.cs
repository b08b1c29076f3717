using System.Runtime.CompilerServices;
using System.Text.Json;
using OpenIddict.Abstractions;
using Tervik.Storage;

namespace Tervik.Trust.Identity.OAuth;

#pragma warning disable CA1822 // members of the interfaces of OpenIddict

/// <summary>What the four stores of OpenIddict share: rows with a JSON body, found by their columns, written only in the version that was read.</summary>
/// <param name="database">Opened with <see cref="TrustRoom.Migrations"/>.</param>
/// <param name="table">Its table.</param>
/// <param name="columns">Columns besides id, version and body.</param>
abstract class OAuthStore<T>(Database database, string table, string[] columns) where T : OAuthEntity, new()
{
    readonly string insert = $"INSERT INTO {table} (id, version, body{string.Concat(columns.Select(column => $", {column}"))}) VALUES ($1, $2, $3{string.Concat(columns.Select((_, i) => $", ${i + 4}"))})";
    readonly string update = $"UPDATE {table} SET version = $2, body = $3{string.Concat(columns.Select((column, i) => $", {column} = ${i + 4}"))} WHERE id = $1 AND version = ${columns.Length + 4}";

    protected Database Database => database;

    /// <summary>Values of <c>columns</c>.</summary>
    protected abstract SqlValue[] ColumnsOf(T entity);

    public ValueTask<T> InstantiateAsync(CancellationToken cancellationToken) => new(new T());

    public async ValueTask CreateAsync(T entity, CancellationToken cancellationToken)
    {
        entity.Version = Guid.NewGuid().ToString();
        await database.Write(session => session.Execute(insert, [entity.Id, entity.Version, JsonSerializer.Serialize(entity), .. ColumnsOf(entity)]), cancellationToken);
    }

    public async ValueTask UpdateAsync(T entity, CancellationToken cancellationToken)
    {
        var before = entity.Version;
        entity.Version = Guid.NewGuid().ToString();
        if (await database.Write(session => session.Execute(update, [entity.Id, entity.Version, JsonSerializer.Serialize(entity), .. ColumnsOf(entity), before]), cancellationToken) == 0)
            throw new OpenIddictExceptions.ConcurrencyException("Somebody else changed it first.");
    }

    public async ValueTask DeleteAsync(T entity, CancellationToken cancellationToken) => await database.Write(session => session.Execute($"DELETE FROM {table} WHERE id = $1", entity.Id), cancellationToken);

    public async ValueTask<T?> FindByIdAsync(string identifier, CancellationToken cancellationToken) => await One("id = $1", cancellationToken, identifier);

    public ValueTask<long> CountAsync(CancellationToken cancellationToken) => database.ReadOnce(async session =>
    {
        await using var rows = await session.Query($"SELECT count(*) FROM {table}");
        return await rows.Read() ? rows.Int64(0) : 0;
    }, cancellationToken);

    public IAsyncEnumerable<T> ListAsync(int? count, int? offset, CancellationToken cancellationToken) => Find($"1 = 1 ORDER BY id LIMIT {count ?? int.MaxValue} OFFSET {offset ?? 0}", cancellationToken);

    public ValueTask<long> CountAsync<TResult>(Func<IQueryable<T>, IQueryable<TResult>> query, CancellationToken cancellationToken) => throw NoQueries();
    public ValueTask<TResult?> GetAsync<TState, TResult>(Func<IQueryable<T>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) => throw NoQueries();
    public IAsyncEnumerable<TResult> ListAsync<TState, TResult>(Func<IQueryable<T>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) => throw NoQueries();

    protected async Task<T?> One(string which, CancellationToken stop, params SqlValue[] values) => (await All(which, stop, values)) is [var one, ..] ? one : null;

    protected async IAsyncEnumerable<T> Find(string which, [EnumeratorCancellation] CancellationToken stop, params SqlValue[] values)
    {
        foreach (var one in await All(which, stop, values)) yield return one;
    }

    protected async Task<List<T>> All(string which, CancellationToken stop, params SqlValue[] values) => await database.Read(async session =>
    {
        var found = new List<T>();
        await using var rows = await session.Query($"SELECT body FROM {table} WHERE {which}", values);
        while (await rows.Read()) found.Add(JsonSerializer.Deserialize<T>(rows.Text(0)!)!);
        return found;
    }, stop);

    /// <summary>Changes each of those and writes it.</summary>
    /// <returns>How many were changed.</returns>
    protected async ValueTask<long> Change(Action<T> change, string which, CancellationToken stop, params SqlValue[] values)
    {
        var all = await All(which, stop, values);
        foreach (var one in all)
        {
            change(one);
            await UpdateAsync(one, stop);
        }
        return all.Count;
    }

    protected static ValueTask Done<TValue>(TValue _) => default;

    static NotSupportedException NoQueries() => new("These stores have no LINQ provider; OpenIddict itself does not ask for one.");
}
