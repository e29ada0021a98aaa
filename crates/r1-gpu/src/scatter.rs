//! Rows added to rows of a table, in their order.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::Buffer;

/// Units that work on a row.
const UNITS: usize = 128;

#[cube(launch_unchecked)]
fn kernel<T: Float, F: Float>(
    table: &mut [T],
    rows: &[F],
    places: &[u32],
    order: &[u32],
    width: usize,
    #[comptime] units: usize,
    #[define(T)] _table_type: ElemType,
    #[define(F)] _row_type: ElemType,
) {
    let about = CUBE_POS * 3;
    let to = places[about] as usize * width;
    let mut column = UNIT_POS as usize;
    while column < width {
        let mut sum = f32::cast_from(table[to + column]);
        for place in places[about + 1]..places[about + 2] {
            sum += f32::cast_from(rows[order[place as usize] as usize * width + column]);
        }
        table[to + column] = T::cast_from(sum);
        column += units;
    }
}

/// `table[ids_i] += rows_i`, for one row after the other of those with the same id.
///
/// # Shapes
/// - `table`: `[count, width]`
/// - `rows`: one of `width` elements for each id
pub fn add_rows(
    client: &Client,
    (table, table_type): (&Buffer, ElemType),
    (rows, rows_type): (&Buffer, ElemType),
    ids: &[u32],
    width: usize,
) {
    if ids.is_empty() || width == 0 {
        return;
    }
    let mut order: Vec<u32> = (0..ids.len() as u32).collect();
    order.sort_by_key(|row| ids[*row as usize]);
    let mut places = Vec::new();
    let mut first = 0;
    for same in order.chunk_by(|a, b| ids[*a as usize] == ids[*b as usize]) {
        let last = first + same.len() as u32;
        places.extend([ids[same[0] as usize], first, last]);
        first = last;
    }
    // SAFETY: a cube writes a row of its own, for no id has two cubes.
    unsafe {
        kernel::launch_unchecked(
            client,
            CubeCount::Static((places.len() / 3) as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            table.arg(),
            rows.arg(),
            Buffer::upload(client, &places).arg(),
            Buffer::upload(client, &order).arg(),
            width,
            UNITS,
            table_type,
            rows_type,
        );
    }
}

#[cfg(all(test, any(feature = "wgpu", feature = "vulkan", feature = "cuda")))]
mod tests {
    use super::*;
    use crate::check::Device;

    #[test]
    fn each_row_is_added_to_that_of_its_id() {
        let device = Device::new();
        for (count, width, ids) in [(1, 1, vec![]), (5, 3, vec![4, 0, 4, 4, 2]), (9, 200, vec![8; 70])] {
            let (table, rows) = (device.random(count * width, 1), device.random(ids.len() * width, 2));
            let f32 = device.f32();
            add_rows(&device.client, (&table.on, f32), (&rows.on, f32), &ids, width);
            let mut expected: Vec<f64> = table.host.iter().map(|x| *x as f64).collect();
            for (row, id) in rows.host.chunks(width).zip(&ids) {
                for (column, x) in row.iter().enumerate() {
                    expected[*id as usize * width + column] += *x as f64;
                }
            }
            device.close(&table.on, &expected, 1e-5);
        }
    }
}
