import assert from "node:assert/strict";
import { test } from "node:test";
import type { Schema } from "../../schema/schema.ts";
import { createEnvironment } from "../environment.ts";
import {
  boolean,
  bytes,
  date,
  dateTime,
  duration,
  integer,
  list,
  listMap,
  listSet,
  map,
  number,
  numbered,
  object,
  scalar,
  text,
  values,
} from "../testing/schemas.ts";
import { declTypeOf } from "../types/declare.ts";

interface Case {
  readonly name: string;
  readonly schema: Schema;
  readonly object: unknown;
  /** Rules that hold, and what their evaluation costs. */
  readonly costs: readonly (readonly [rule: string, cost: number])[];
}

/** Rules over custom resources, and their costs: apiextensions-apiserver/pkg/apiserver/schema/cel/celcoststability_test.go. */
const cases: readonly Case[] = [
  {
    name: "integers",
    schema: numbered(
      integer,
      integer,
      scalar("integer", "int32"),
      scalar("integer", "int32"),
      scalar("integer", "int64"),
      scalar("integer", "int64"),
    ),
    object: values(9007199254740991, 9007199254740991, 2147483647, 2147483647, 9007199254740991, 9007199254740991),
    costs: [
      ["self.val1 == self.val6", 5],
      ["type(self.val1) == int", 4],
    ],
  },
  {
    name: "numbers",
    schema: numbered(
      number,
      number,
      scalar("number", "float"),
      scalar("number", "float"),
      scalar("number", "double"),
      scalar("number", "double"),
      scalar("number", "double"),
    ),
    object: values(1.7e308, 1.7e308, 3.4e38, 3.4e38, 1.7e308, 1.7e308, 1),
    costs: [
      ["self.val1 == self.val6", 5],
      ["type(self.val1) == double", 4],
      ["type(self.val7) == double", 4],
      ["self.val7 == 1.0", 3],
    ],
  },
  {
    name: "numeric comparisons",
    schema: numbered(
      integer,
      number,
      scalar("number", "float"),
      scalar("number", "double"),
      number,
      scalar("number", "float"),
      scalar("number", "double"),
    ),
    object: values(5, 10.0, 10.0, 10.0, 10, 10, 10),
    costs: [
      ["double(self.val1) < self.val4", 6],
      ["self.val1 < int(self.val4)", 6],
      ["double(self.val1) < self.val5", 6],
      ["self.val1 < int(self.val5)", 6],
      ["double(self.val1) < self.val6", 6],
      ["self.val1 < int(self.val6)", 6],
      ["double(5) < 10.0", 1],
      ["5 < int(10.0)", 1],
      ["double(self.val1) < 10.0", 4],
    ],
  },
  {
    name: "unicode strings",
    schema: numbered(text, text),
    object: values("Rook takes 👑", "Rook takes 👑"),
    costs: [
      ["self.val1.startsWith('Rook')", 4],
      ["!self.val1.startsWith('knight')", 5],
      ["self.val1.matches('^[^0-9]*$')", 8],
      ["!self.val1.matches('^[0-9]*$')", 7],
      ["type(self.val1) == string", 4],
      ["size(self.val1) == 12", 4],
      ["self.val1.charAt(3) == 'k'", 4],
      ["self.val1.indexOf('o') == 1", 4],
      ["self.val1.indexOf('o', 2) == 2", 4],
      ["self.val1.replace(' ', 'x') == 'Rookxtakesx👑'", 7],
      ["self.val1.replace(' ', 'x', 1) == 'Rookxtakes 👑'", 7],
      ["self.val1.split(' ') == ['Rook', 'takes', '👑']", 6],
      ["self.val1.split(' ', 2) == ['Rook', 'takes 👑']", 6],
      ["self.val1.substring(5) == 'takes 👑'", 5],
      ["self.val1.substring(0, 4) == 'Rook'", 5],
      ["self.val1.substring(4, 10).trim() == 'takes'", 6],
      ["self.val1.upperAscii() == 'ROOK TAKES 👑'", 6],
      ["self.val1.lowerAscii() == 'rook takes 👑'", 6],
      ["self.val1.lowerAscii() == self.val1.lowerAscii()", 10],
      [
        "'%d %s %f %s %s'.format([1, 'abc', 1.0, duration('1m'), timestamp('2000-01-01T00:00:00.000Z')]) == '1 abc 1.000000 60s 2000-01-01T00:00:00Z'",
        6,
      ],
      ["'%e'.format([3.14]) == '3.140000×10⁰⁰'", 3],
      ["'%o %o %o'.format([7, 8, 9]) == '7 10 11'", 2],
      ["'%b %b %b'.format([7, 8, 9]) == '111 1000 1001'", 3],
    ],
  },
  {
    name: "escaped strings",
    schema: numbered(text, text),
    object: values("l1\nl2", "l1\nl2"),
    costs: [["self.val1 == '''l1\nl2'''", 3]],
  },
  {
    name: "bytes",
    schema: numbered(bytes, bytes),
    object: values("QUI=", "QUI="),
    costs: [
      ["self.val1 == self.val2", 5],
      ["self.val1 == b'AB'", 3],
      ["type(self.val1) == bytes", 4],
      ["size(self.val1) == 2", 4],
    ],
  },
  {
    name: "booleans",
    schema: numbered(boolean, boolean, boolean, boolean),
    object: values(true, true, false, false),
    costs: [
      ["self.val1 != self.val4", 5],
      ["type(self.val1) == bool", 4],
    ],
  },
  {
    name: "duration format",
    schema: numbered(duration, duration),
    object: values("1h2m3s4ms", "1h2m3s4ms"),
    costs: [
      ["self.val1 == duration('1h2m') + duration('3s4ms')", 4],
      ["self.val1.getHours() == 1", 4],
      ["type(self.val1) == google.protobuf.Duration", 4],
    ],
  },
  {
    name: "date format",
    schema: numbered(date, date),
    object: values("1997-07-16", "1997-07-16"),
    costs: [
      ["self.val1.getDate() == 16", 4],
      ["type(self.val1) == google.protobuf.Timestamp", 4],
    ],
  },
  {
    name: "date-time format",
    schema: numbered(dateTime, dateTime),
    object: values("2011-08-18T19:03:37.010000000+01:00", "2011-08-18T19:03:37.010000000+01:00"),
    costs: [
      ["self.val1 == timestamp('2011-08-18T00:00:00.000+01:00') + duration('19h3m37s10ms')", 4],
      ["self.val1.getDate('01:00') == 18", 4],
      ["type(self.val1) == google.protobuf.Timestamp", 4],
    ],
  },
  {
    name: "conversions",
    schema: numbered(integer, number, number, number, boolean, text, bytes, text, duration, text, dateTime, text, date),
    object: values(
      10,
      10.0,
      10.49,
      10.5,
      true,
      "10",
      "MTA=",
      "3723.004s",
      "1h2m3s4ms",
      "2011-08-18T19:03:37.01+01:00",
      "2011-08-18T19:03:37.01+01:00",
      "2011-08-18T00:00:00Z",
      "2011-08-18",
    ),
    costs: [
      ["int(self.val2) == self.val1", 6],
      ["double(self.val1) == self.val2", 6],
      ["bytes(self.val6) == self.val7", 6],
      ["string(self.val1) == self.val6", 6],
      ["string(self.val4) == '10.5'", 4],
      ["string(self.val7) == self.val6", 6],
      ["duration(self.val8) == self.val9", 6],
      ["timestamp(self.val10) == self.val11", 6],
      ["string(self.val11) == self.val10", 8],
      ["timestamp(self.val12) == self.val13", 6],
      ["string(self.val13) == self.val12", 7],
    ],
  },
  {
    name: "lists",
    schema: numbered(list(integer), list(integer)),
    object: values([1, 2, 3], [1, 2, 3]),
    costs: [
      ["1 in self.val1", 5],
      ["self.val2[0] in self.val1", 8],
      ["!(0 in self.val1)", 6],
      ["self.val1 + self.val2 == [1, 2, 3, 1, 2, 3]", 6],
      ["self.val1 + [4, 5] == [1, 2, 3, 4, 5]", 4],
      ["has(self.val1)", 1],
      ["has(self.val1) && has(self.val2)", 2],
    ],
  },
  {
    name: "listSets",
    schema: numbered(listSet(text), listSet(text), listSet(integer)),
    object: values(
      ["a", "b", "c"],
      ["a", "c", "b"],
      Array.from({ length: 1000 }, (_, index) => index),
    ),
    costs: [
      ["self.val1 == ['c', 'b', 'a']", 3],
      ["self.val1 == self.val2", 5],
      ["'a' in self.val1", 5],
      ["self.val2[0] in self.val1", 8],
      ["!('x' in self.val1)", 6],
      ["self.val1 + self.val2 == ['a', 'b', 'c']", 6],
      ["self.val1 + ['c', 'd'] == ['a', 'b', 'c', 'd']", 4],
      ["sets.contains(self.val1, ['a'])", 6],
      ["sets.equivalent(self.val1, ['a', 'b', 'c'])", 21],
      ["sets.intersects(self.val1, ['a'])", 6],
      ["sets.contains(self.val3, [1])", 1003],
      ["!sets.equivalent(self.val3, [1, 2, 3])", 6004],
      ["sets.intersects(self.val3, [1])", 1003],
    ],
  },
  {
    name: "listMaps",
    schema: object({
      objs: list(
        listMap(
          ["k"],
          object({
            k: text,
            v: text,
          }),
        ),
      ),
    }),
    object: {
      objs: [
        [
          { k: "a", v: "1" },
          { k: "b", v: "2" },
        ],
        [
          { k: "b", v: "2" },
          { k: "a", v: "1" },
        ],
        [
          { k: "b", v: "3" },
          { k: "a", v: "1" },
        ],
        [{ k: "c", v: "4" }],
      ],
    },
    costs: [
      ["self.objs[0] == self.objs[1]", 7],
      ["self.objs[0] + self.objs[2] == self.objs[2]", 11],
      ["self.objs[2] + self.objs[0] == self.objs[0]", 11],
      ["self.objs[0] == [self.objs[0][0], self.objs[0][1]]", 22],
      ["self.objs[0] == [self.objs[0][1], self.objs[0][0]]", 22],
      ["self.objs[2] + [self.objs[0][0], self.objs[0][1]] == self.objs[0]", 26],
      ["size(self.objs[0] + [self.objs[3][0]]) == 3", 20],
    ],
  },
  {
    name: "maps",
    schema: numbered(map(text), map(text)),
    object: values({ k1: "a", k2: "b" }, { k2: "b", k1: "a" }),
    costs: [
      ["self.val1 == self.val2", 5],
      ["'k1' in self.val1", 3],
      ["!('k3' in self.val1)", 4],
      ["self.val1 == {'k1': 'a', 'k2': 'b'}", 3],
    ],
  },
  {
    name: "objects",
    schema: object({
      objs: list(
        object({
          f1: text,
          f2: text,
        }),
      ),
    }),
    object: {
      objs: [
        { f1: "a", f2: "b" },
        { f1: "a", f2: "b" },
      ],
    },
    costs: [["self.objs[0] == self.objs[1]", 7]],
  },
  {
    name: "listMap access",
    schema: object({
      listMap: listMap(
        ["k"],
        object({
          k: text,
          v: text,
          v2: text,
        }),
      ),
    }),
    object: {
      listMap: [
        { k: "a1", v: "b1" },
        { k: "a2", v: "b2" },
        { k: "a3", v: "b3", v2: "z" },
      ],
    },
    costs: [
      ["has(self.listMap[0].v)", 3],
      ["self.listMap.all(m, m.k.startsWith('a'))", 21],
      ["self.listMap.all(m, !has(m.v2) || m.v2 == 'z')", 21],
      ["self.listMap.exists(m, m.k.endsWith('1'))", 13],
      ["self.listMap.exists_one(m, m.k == 'a3')", 15],
      ["!self.listMap.all(m, m.k.endsWith('1'))", 18],
      ["!self.listMap.exists(m, m.v == 'x')", 25],
      ["!self.listMap.exists_one(m, m.k.startsWith('a'))", 20],
      ["size(self.listMap.filter(m, m.k == 'a1')) == 1", 27],
      ["self.listMap.exists(m, m.k == 'a1' && m.v == 'b1')", 16],
      ["self.listMap.map(m, m.v).exists(v, v == 'b1')", 55],
      ["self.listMap.exists(m, has(m.v2) && m.v2 == 'z')", 21],
      ["!self.listMap.all(m, has(m.v2) && m.v2 != 'z')", 10],
      ["self.listMap.exists_one(m, has(m.v2) && m.v2 == 'z')", 12],
      ["self.listMap.filter(m, has(m.v2) && m.v2 == 'z').size() == 1", 24],
      ["self.listMap.map(m, has(m.v2) && m.v2 == 'z', m.v2).size() == 1", 25],
      ["self.listMap.filter(m, has(m.v2) && m.v2 == 'z').map(m, m.v2).size() == 1", 39],
      ["self.listMap.exists(m, m.v2 == 'z')", 24],
      ["!self.listMap.all(m, m.v2 != 'z')", 22],
      ["!self.listMap.all(i, m, has(m.v2) && m.v2 != 'z')", 10],
      ["self.listMap.exists(i, m, has(m.v2) && m.v2 == 'z')", 21],
      ["self.listMap.existsOne(i, m, has(m.v2) && m.v2 == 'z')", 12],
      ["self.listMap.transformList(i, m, has(m.v2) && m.v2 == 'z', m.v2).size() == 1", 25],
      ["self.listMap.transformList(i, m, m.v).size() == 3", 47],
    ],
  },
  {
    name: "list access",
    schema: object({
      array: list(integer),
    }),
    object: {
      array: [1, 1, 2, 2, 3, 3, 4, 5],
    },
    costs: [
      ["2 in self.array", 10],
      ["self.array.all(e, e > 0)", 43],
      ["self.array.exists(e, e > 2)", 36],
      ["self.array.exists_one(e, e > 4)", 22],
      ["!self.array.all(e, e < 2)", 21],
      ["!self.array.exists(e, e < 0)", 52],
      ["!self.array.exists_one(e, e == 2)", 25],
      ["self.array.all(e, e < 100)", 43],
      ["size(self.array.filter(e, e%2 == 0)) == 3", 68],
      ["self.array.map(e, e * 20).filter(e, e > 50).exists(e, e == 60)", 194],
      ["size(self.array) == 8", 4],
      ["self.array.all(i, e, e > 0)", 43],
      ["self.array.exists(i, e, e > 2)", 36],
      ["self.array.existsOne(i, e, e > 4)", 22],
      ["self.array.transformList(i, e, e > 2, e * 2).size() > 0", 77],
      ["self.array.transformList(i, e, e * 2).size() > 0", 117],
    ],
  },
  {
    name: "listSet access",
    schema: object({
      set: list(integer),
    }),
    object: {
      set: [1, 2, 3, 4, 5],
    },
    costs: [
      ["3 in self.set", 7],
      ["self.set.all(e, e > 0)", 28],
      ["self.set.exists(e, e > 3)", 30],
      ["self.set.exists_one(e, e == 3)", 16],
      ["!self.set.all(e, e < 3)", 21],
      ["!self.set.exists(e, e < 0)", 34],
      ["!self.set.exists_one(e, e > 3)", 19],
      ["self.set.all(e, e < 10)", 28],
      ["size(self.set.filter(e, e%2 == 0)) == 2", 46],
      ["self.set.map(e, e * 20).filter(e, e > 50).exists_one(e, e == 60)", 133],
      ["size(self.set) == 5", 4],
    ],
  },
  {
    name: "typemeta and objectmeta access specified",
    schema: object({
      kind: text,
      apiVersion: text,
      metadata: object({
        name: text,
        generateName: text,
      }),
    }),
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "foo",
        generateName: "pickItForMe",
        namespace: "xyz",
      },
    },
    costs: [
      ["self.kind == 'Pod'", 3],
      ["self.apiVersion == 'v1'", 3],
      ["self.metadata.name == 'foo'", 4],
      ["self.metadata.generateName == 'pickItForMe'", 5],
    ],
  },
  {
    name: "object types are not accessible",
    schema: object({
      nestedInMap: map(
        object({
          inMapField: integer,
        }),
      ),
      nestedInList: list(
        object({
          inListField: integer,
        }),
      ),
    }),
    object: {
      nestedInMap: {
        k1: {
          inMapField: 1,
        },
        k2: {
          inMapField: 2,
        },
      },
      nestedInList: [
        {
          inListField: 1,
        },
        {
          inListField: 2,
        },
      ],
    },
    costs: [
      ["type(self) == type(self)", 5],
      ["type(self.nestedInMap['k1']) == type(self.nestedInMap['k2'])", 9],
    ],
  },
  {
    name: "listMaps with unsupported identity characters in property names",
    schema: object({
      objs: list(
        listMap(
          ["k!", "k."],
          object({
            "k!": text,
            "k.": text,
          }),
        ),
      ),
    }),
    object: {
      objs: [
        [
          { "k!": "a", "k.": "1" },
          { "k!": "b", "k.": "2" },
        ],
        [
          { "k!": "b", "k.": "2" },
          { "k!": "a", "k.": "1" },
        ],
        [
          { "k!": "b", "k.": "2" },
          { "k!": "c", "k.": "1" },
        ],
        [
          { "k!": "b", "k.": "2" },
          { "k!": "a", "k.": "3" },
        ],
      ],
    },
    costs: [
      ["self.objs[0] == self.objs[1]", 7],
      ["self.objs[0][0].k__dot__ == '1'", 6],
    ],
  },
  {
    name: "container type composition",
    schema: object({
      obj: object({
        field: text,
      }),
      mapOfMap: map(map(text)),
      mapOfObj: map(
        object({
          field2: text,
        }),
      ),
      mapOfListMap: map(
        listMap(
          ["k"],
          object({
            k: text,
            v: text,
          }),
        ),
      ),
      mapOfList: map(list(text)),
      listMapOfObj: listMap(
        ["k2"],
        object({
          k2: text,
          v2: text,
        }),
      ),
      listOfMap: list(map(text)),
      listOfObj: list(
        object({
          field3: text,
        }),
      ),
      listOfListMap: list(
        listMap(
          ["k3"],
          object({
            k3: text,
            v3: text,
          }),
        ),
      ),
    }),
    object: {
      obj: {
        field: "a",
      },
      mapOfMap: {
        x: {
          y: "b",
        },
      },
      mapOfObj: {
        k: {
          field2: "c",
        },
      },
      mapOfListMap: {
        o: [
          {
            k: "1",
            v: "d",
          },
        ],
      },
      mapOfList: {
        l: ["e"],
      },
      listMapOfObj: [
        {
          k2: "2",
          v2: "f",
        },
      ],
      listOfMap: [
        {
          z: "g",
        },
      ],
      listOfObj: [
        {
          field3: "h",
        },
      ],
      listOfListMap: [
        [
          {
            k3: "3",
            v3: "i",
          },
        ],
      ],
    },
    costs: [
      ["self.obj.field == 'a'", 4],
      ["self.mapOfMap['x']['y'] == 'b'", 5],
      ["self.mapOfObj['k'].field2 == 'c'", 5],
      ["self.mapOfListMap['o'].exists(e, e.k == '1' && e.v == 'd')", 14],
      ["self.mapOfList['l'][0] == 'e'", 5],
      ["self.listMapOfObj.exists(e, e.k2 == '2' && e.v2 == 'f')", 13],
      ["self.listOfMap[0]['z'] == 'g'", 5],
      ["self.listOfObj[0].field3 == 'h'", 5],
      ["self.listOfListMap[0].exists(e, e.k3 == '3' && e.v3 == 'i')", 14],
      ["self.mapOfMap.map(k, k).map(k, k).size() == 1", 32],
      ["self.mapOfListMap.map(k, k).map(k, k).size() == 1", 32],
      ["self.mapOfList.map(k, k).map(k, k).size() == 1", 32],
      ["self.listOfMap.map(e, e).map(e, e).size() == 1", 32],
      ["self.listOfListMap.map(e, e).map(e, e).size() == 1", 32],
      ["self.mapOfMap.map(k, self.mapOfMap[k].map(m, m)).size() == 1", 34],
      ["self.mapOfListMap.map(k, self.mapOfListMap[k].map(m, m)).size() == 1", 34],
      ["self.mapOfList.map(k, self.mapOfList[k].map(l, l)).size() == 1", 34],
      ["self.listOfMap.map(e, e.map(m, m)).size() == 1", 32],
      ["self.listOfListMap.map(e, e.map(e, e)).size() == 1", 32],
    ],
  },
  {
    name: "optionals",
    schema: object({
      obj: object({
        field: text,
        absentField: text,
      }),
      m: map(text),
      l: list(text),
    }),
    object: {
      obj: {
        field: "a",
      },
      m: {
        k: "v",
      },
      l: ["a"],
    },
    costs: [
      ["optional.of('a') != optional.of('b')", 3],
      ["optional.of('a') != optional.none()", 3],
      ["optional.of('a').hasValue()", 2],
      ["optional.of('a').or(optional.of('a')).hasValue()", 2],
      ["optional.none().or(optional.of('a')).hasValue()", 3],
      ["optional.of('a').optMap(v, v == 'value').hasValue()", 8],
      ["self.obj.?field == optional.of('a')", 5],
      ["self.obj.?absentField == optional.none()", 4],
      ["self.obj.?field.orValue('v') == 'a'", 4],
      ["self.m[?'k'] == optional.of('v')", 5],
      ["self.l[?0] == optional.of('a')", 5],
      ["optional.ofNonZeroValue(1).hasValue()", 2],
    ],
  },
  {
    name: "quantity",
    schema: numbered(text, text),
    object: values("20", "200M"),
    costs: [
      ["isQuantity(self.val1)", 3],
      ["isQuantity(self.val2)", 3],
      ['isQuantity("200M")', 1],
      ['isQuantity("20Mi")', 1],
      ['quantity("200M") == quantity("0.2G") && quantity("0.2G") == quantity("200M")', 6],
      [
        'quantity("2M") == quantity("0.002G") && quantity("2000k") == quantity("2M") && quantity("0.002G") == quantity("2000k")',
        9,
      ],
      ["quantity(self.val1).isLessThan(quantity(self.val2))", 7],
      ['quantity("50M").isLessThan(quantity("100M"))', 3],
      ['quantity("50Mi").isGreaterThan(quantity("50M"))', 3],
      ['quantity("200M").compareTo(quantity("0.2G")) == 0', 4],
      ['quantity("50k").add(quantity("20")) == quantity("50.02k")', 5],
      ['quantity("50k").sub(20) == quantity("49980")', 4],
      ['quantity("50").isInteger()', 2],
      ["quantity(self.val1).isInteger()", 4],
    ],
  },
  {
    name: "ext lists version 3",
    schema: numbered(list(integer), list(integer)),
    object: values([1, 2, 3], [1, 2, 3]),
    costs: [
      ["lists.range(4) == [0,1,2,3]", 16],
      ["lists.range(0) == []", 11],
      ["[5,1,2,3].reverse() == [3,2,1,5]", 16],
      ["[].reverse() == []", 11],
      ["[1].reverse() == [1]", 13],
      [
        "['are', 'you', 'as', 'bored', 'as', 'I', 'am'].reverse() == ['am', 'I', 'as', 'bored', 'as', 'you', 'are']",
        19,
      ],
      ["[false, true, true].reverse().reverse() == [false, true, true]", 29],
      ["[1,2,3,4].slice(0, 4) == [1,2,3,4]", 16],
      ["[1,2,3,4].slice(0, 0) == []", 11],
      ["[1,2,3,4].slice(1, 1) == []", 11],
      ["[1,2,3,4].slice(4, 4) == []", 11],
      ["[1,2,3,4].slice(1, 3) == [2, 3]", 14],
      ["dyn([]).flatten() == []", 11],
      ["dyn([1,2,3,4]).flatten() == [1,2,3,4]", 16],
      ["[].sort() == []", 11],
      ["[1].sort() == [1]", 14],
      ["[4, 3, 2, 1].sort() == [1, 2, 3, 4]", 44],
      ['["d", "a", "b", "c"].sort() == ["a", "b", "c", "d"]', 45],
      ["[].sortBy(e, e) == []", 14],
      ['["a"].sortBy(e, e) == ["a"]', 30],
      ["[-3, 1, -5, -2, 4].sortBy(e, -(e * e)) == [-5, 4, -3, -2, 1]", 145],
      ["[-3, 1, -5, -2, 4].map(e, e * 2).sortBy(e, -(e * e)) == [-10, 8, -6, -4, 2]", 216],
      ["lists.range(3).sortBy(e, -e) == [2, 1, 0]", 89],
      ['["a", "c", "b", "first"].sortBy(e, e == "first" ? "" : e) == ["first", "a", "b", "c"]', 104],
      [
        "[{'name': 'foo'}, {'name': 'bar'}, {'name': 'baz'}].sortBy(e, e.name) == [{'name': 'bar'}, {'name': 'baz'}, {'name': 'foo'}]",
        75,
      ],
      ["[].distinct() == []", 11],
      ["[1].distinct() == [1]", 14],
      ["[-2, 5, -2, 1, 1, 5, -2, 1].distinct() == [-2, 5, 1]", 140],
      ["['c', 'a', 'a', 'b', 'a', 'b', 'c', 'c'].distinct() == ['c', 'a', 'b']", 146],
      ["[[1], [1], [2]].distinct() == [[1], [2]]", 30],
      ["[{'name': 'a'}, {'name': 'b'}, {'name': 'a'}].distinct() == [{'name': 'a'}, {'name': 'b'}]", 30],
    ],
  },
];

for (const { name, schema, object: self, costs } of cases) {
  const environment = createEnvironment({ variables: { self: declTypeOf(schema)! } });
  test(`rules over ${name} hold and cost what they cost upstream`, () => {
    for (const [rule, cost] of costs) {
      const compiled = environment.compile(rule);
      assert.ok(compiled.ok, compiled.ok ? "" : compiled.message);
      assert.deepEqual(compiled.program.evaluate({ self }), { value: true, cost }, rule);
    }
  });
}
