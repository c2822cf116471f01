package scalar

import (
	"math"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Radius of the earth in the units of GEO_DISTANCE.
const (
	earthKilometers = 6371
	earthMiles      = 3959
)

func init() {
	place := []string{"DOUBLE lat1", "DOUBLE lon1", "DOUBLE lat2", "DOUBLE lon2"}
	function.RegisterScalar(function.Scalar{Name: "GEO_DISTANCE", Category: "GEO",
		Doc: "Great-circle distance of two points given in degrees, in units KM (the default) or MI.",
		Overloads: []function.Signature{
			function.Rows(place, "DOUBLE", geoDistance),
			function.Rows(append(place[:4:4], "STRING units"), "DOUBLE", geoDistance),
		}})
}

func geoDistance(_ *function.Context, a []types.Value) (types.Value, error) {
	if anyNil(a[:4]) {
		return nil, nil
	}
	lat1, lon1, lat2, lon2 := a[0].(float64), a[1].(float64), a[2].(float64), a[3].(float64)
	if math.Abs(lat1) > 90 || math.Abs(lat2) > 90 {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "valid latitude values for GeoDistance function are in the range of -90 to 90 degrees, inclusive")
	}
	if math.Abs(lon1) > 180 || math.Abs(lon2) > 180 {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "valid longitude values for GeoDistance function are in the range of -180 to 180 degrees, inclusive")
	}
	radius := float64(earthKilometers)
	if len(a) == 5 && a[4] != nil {
		switch unit := strings.ToUpper(a[4].(string)); {
		case strings.HasPrefix(unit, "MI"):
			radius = earthMiles
		case !strings.HasPrefix(unit, "KM"):
			return nil, sqlerr.New(sqlerr.InvalidParameter, "GeoDistance function units must be KM or MI, not %s", a[4])
		}
	}
	// The haversine formula keeps its precision for small distances.
	rad := func(d float64) float64 { return d * math.Pi / 180 }
	dLat, dLon := math.Sin(rad(lat2-lat1)/2), math.Sin(rad(lon2-lon1)/2)
	h := dLat*dLat + math.Cos(rad(lat1))*math.Cos(rad(lat2))*dLon*dLon
	return radius * 2 * math.Asin(math.Sqrt(min(1, h))), nil
}
